package main

import (
	"fmt"
	"go/ast"
	values "go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"reflect"
	"strings"
	"unicode"
)

// headerBegin is what each C header begins with after its prologue. NAME is the package's.
const headerBegin = `#ifndef BIPS_NAME_H
#define BIPS_NAME_H

#include <stddef.h>
#include <stdint.h>

#if !defined(__BYTE_ORDER__) || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "pools and messages are little-endian, and read in place"
#endif

#ifdef __cplusplus
#define BIPS_NAME_ASSERT(condition, text) static_assert(condition, text)
#else
#define BIPS_NAME_ASSERT(condition, text) _Static_assert(condition, text)
#endif
`

// renderHeader makes the C header: constants, a struct for each record, and an assertion
// for the size and for each offset.
func renderHeader(d *described, source string) (string, error) {
	comments, _, err := d.parse(source)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	out.WriteString(d.prologue + strings.ReplaceAll(headerBegin, "NAME", strings.ToUpper(d.name)))
	if err := d.writeDefines(&out, source); err != nil {
		return "", err
	}
	for _, record := range d.records {
		if err := d.writeStruct(&out, reflect.TypeOf(record), comments); err != nil {
			return "", err
		}
	}
	fmt.Fprintf(&out, "\n#endif /* BIPS_%s_H */\n", strings.ToUpper(d.name))
	return out.String(), nil
}

// writeDefines writes the constants of the files that have nothing else to import.
func (d *described) writeDefines(out *strings.Builder, source string) error {
	positions := token.NewFileSet()
	var files []*ast.File
	for _, name := range d.constants {
		file, err := parser.ParseFile(positions, filepath.Join(source, name), nil, parser.ParseComments)
		if err != nil {
			return err
		}
		files = append(files, file)
	}
	checked, err := (&types.Config{}).Check(d.name, positions, files, nil)
	if err != nil {
		return err
	}
	for _, file := range files {
		for _, declaration := range file.Decls {
			general, ok := declaration.(*ast.GenDecl)
			if !ok || general.Tok != token.CONST {
				continue
			}
			out.WriteString("\n")
			writeComment(out, "", text(general.Doc))
			for _, spec := range general.Specs {
				value := spec.(*ast.ValueSpec)
				name := value.Names[0].Name
				number, err := literal(checked.Scope().Lookup(name).(*types.Const))
				if err != nil {
					return err
				}
				writeComment(out, "", text(value.Doc))
				fmt.Fprintf(out, "#define BIPS_%s_%s %s", strings.ToUpper(d.name), strings.ToUpper(snake(name)), number)
				if comment := text(value.Comment); comment != "" {
					fmt.Fprintf(out, " /* %s */", comment)
				}
				out.WriteString("\n")
			}
		}
	}
	return nil
}

// literal writes a constant's value in C, with its type.
func literal(c *types.Const) (string, error) {
	value := values.ToInt(c.Val())
	if value.Kind() != values.Int {
		return "", fmt.Errorf("constant %s is no integer", c.Name())
	}
	number := value.ExactString()
	if u, exact := values.Uint64Val(value); exact && u > 1<<32 {
		number = fmt.Sprintf("0x%016x", u)
	}
	basic, ok := c.Type().Underlying().(*types.Basic)
	if !ok {
		return "", fmt.Errorf("constant %s has type %v, which C does not know", c.Name(), c.Type())
	}
	switch basic.Kind() {
	case types.Uint64:
		return "UINT64_C(" + number + ")", nil
	case types.Uint32:
		return "UINT32_C(" + number + ")", nil
	case types.Int64:
		return "INT64_C(" + number + ")", nil
	case types.UntypedInt:
		if strings.HasPrefix(number, "0x") {
			return "UINT64_C(" + number + ")", nil
		}
		return number, nil
	}
	return "", fmt.Errorf("constant %s has type %v, which genlayout does not know in C", c.Name(), basic)
}

func (d *described) writeStruct(out *strings.Builder, typ reflect.Type, comments map[string]string) error {
	name := d.structName(typ)
	out.WriteString("\n")
	writeComment(out, "", comments[typ.Name()])
	fmt.Fprintf(out, "struct %s {\n", name)
	var asserts strings.Builder
	reserved := 0
	for i := range typ.NumField() {
		field := typ.Field(i)
		if field.Type.Size() == 0 {
			continue // structs.HostLayout
		}
		base, length, atomic, err := d.cType(field.Type)
		if err != nil {
			return fmt.Errorf("%s.%s: %w", typ.Name(), field.Name, err)
		}
		member := snake(field.Name)
		if field.Name == "_" {
			member = fmt.Sprintf("reserved%d", reserved)
			reserved++
		}
		comment := comments[typ.Name()+"."+field.Name]
		if atomic {
			comment = strings.TrimSuffix("atomic; "+comment, "; ")
		}
		fmt.Fprintf(out, "  %s %s%s;", base, member, length)
		if comment != "" {
			fmt.Fprintf(out, " /* %s */", comment)
		}
		out.WriteString("\n")
		fmt.Fprintf(&asserts, "BIPS_%s_ASSERT(offsetof(struct %s, %s) == %d, \"%s.%s\");\n", strings.ToUpper(d.name), name, member, field.Offset, name, member)
	}
	fmt.Fprintf(out, "};\nBIPS_%s_ASSERT(sizeof(struct %s) == %d, \"%s\");\n%s", strings.ToUpper(d.name), name, typ.Size(), name, asserts.String())
	return nil
}

// structName is a struct's name in C.
func (d *described) structName(typ reflect.Type) string {
	return "bips_" + d.name + "_" + snake(typ.Name())
}

// cType names a field's type in C. An array's length stands behind the member's name.
func (d *described) cType(typ reflect.Type) (base, length string, atomic bool, err error) {
	if typ.Kind() == reflect.Array {
		base, _, atomic, err = d.cType(typ.Elem())
		return base, fmt.Sprintf("[%d]", typ.Len()), atomic, err
	}
	atomic = typ.PkgPath() == "sync/atomic"
	name := typ.Kind().String()
	if atomic {
		name = strings.ToLower(typ.Name())
	}
	switch name {
	case "uint8", "uint16", "uint32", "uint64", "int32", "int64":
		return name + "_t", "", atomic, nil
	case "struct": // a record at the beginning of another
		return "struct " + d.structName(typ), "", false, nil
	}
	return "", "", false, fmt.Errorf("type %v, which genlayout does not know in C", typ)
}

// snake writes a Go name in small letters with underscores: ProducerPID, producer_pid.
func snake(name string) string {
	var out strings.Builder
	letters := []rune(name)
	for i, r := range letters {
		if i > 0 && unicode.IsUpper(r) && (!unicode.IsUpper(letters[i-1]) || i+1 < len(letters) && unicode.IsLower(letters[i+1])) {
			out.WriteByte('_')
		}
		out.WriteRune(unicode.ToLower(r))
	}
	return out.String()
}

// commentWidth is how long a line of a comment may be.
const commentWidth = 100

// writeComment writes text as a comment of its own lines, none when it is empty.
func writeComment(out *strings.Builder, indent, text string) {
	if text == "" {
		return
	}
	line := indent + "/*"
	for _, word := range strings.Fields(text) {
		if len(line)+1+len(word) > commentWidth {
			out.WriteString(line + "\n")
			line = indent + " *"
		}
		line += " " + word
	}
	out.WriteString(line + " */\n")
}
