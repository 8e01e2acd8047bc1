package main

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// An item is a part of a run (a scene, a seed, a fuzz target) with its totals.
type item struct {
	name    string
	figures map[string]string
}

// collector finds the items of a run in its output. The zero value has none.
type collector struct {
	items []item
	names []string // of the figures, in the order of their coming
}

var (
	runLine  = regexp.MustCompile(`\brun: (.+)`)
	fuzzLine = regexp.MustCompile(`^fuzz: elapsed: (\S+), execs: (\d+)`)
	fuzzName = regexp.MustCompile(`\bfuzzing (Fuzz\S+)`)
)

// take looks at one line of output.
func (c *collector) take(line string) {
	line = strings.TrimSpace(line)
	if m := fuzzName.FindStringSubmatch(line); m != nil {
		c.items = append(c.items, item{m[1], map[string]string{}})
	}
	if m := fuzzLine.FindStringSubmatch(line); m != nil && len(c.items) > 0 {
		last := c.items[len(c.items)-1] // the last line of a fuzz target has its totals
		c.set(last, "time", m[1])
		c.set(last, "executions", thousands(m[2]))
		return
	}
	m := runLine.FindStringSubmatch(line)
	if m == nil {
		return
	}
	parts := strings.Split(m[1], " | ")
	found := item{strings.TrimSpace(parts[0]), map[string]string{}}
	for _, part := range parts[1:] {
		space := strings.LastIndex(part, " ")
		if space < 0 {
			return // some other line
		}
		c.set(found, strings.TrimSpace(part[:space]), thousands(part[space+1:]))
	}
	if len(found.figures) > 0 {
		c.items = append(c.items, found)
	}
}

func (c *collector) set(i item, name, value string) {
	i.figures[name] = value
	if !slices.Contains(c.names, name) {
		c.names = append(c.names, name)
	}
}

// table writes the items as a table of Markdown, in the order of their names.
func (c *collector) table() string {
	slices.SortStableFunc(c.items, func(a, b item) int { return strings.Compare(a.name, b.name) })
	var out strings.Builder
	fmt.Fprintf(&out, "| | %s |\n| --- |%s\n", strings.Join(c.names, " | "), strings.Repeat(" ---: |", len(c.names)))
	for _, i := range c.items {
		fmt.Fprintf(&out, "| %s |", i.name)
		for _, name := range c.names {
			fmt.Fprintf(&out, " %s |", i.figures[name])
		}
		out.WriteString("\n")
	}
	return out.String()
}

// thousands puts commas into a whole number of five digits or more. Anything else stays.
func thousands(number string) string {
	if _, err := strconv.ParseUint(number, 10, 64); err != nil || len(number) < 5 {
		return number
	}
	for i := len(number) - 3; i > 0; i -= 3 {
		number = number[:i] + "," + number[i:]
	}
	return number
}
