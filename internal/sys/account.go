package sys

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// The files that name users and groups. Accounts from elsewhere, as of a directory service, are
// known by their numbers only: to ask for their names takes the C library.
const (
	usersFile  = "/etc/passwd"
	groupsFile = "/etc/group"
)

// ErrNoGroup: there is no such group.
var ErrNoGroup = errors.New("no such group")

// GroupID returns the number of a group, which is given by its number or by a name that /etc/group has.
func GroupID(group string) (uint32, error) {
	if n, err := strconv.ParseUint(group, 10, 32); err == nil && n != 1<<32-1 { // chown(2) reads that as "leave it"
		return uint32(n), nil
	}
	for fields := range accounts(groupsFile) {
		if fields[0] == group {
			n, err := strconv.ParseUint(fields[2], 10, 32)
			return uint32(n), err
		}
	}
	return 0, fmt.Errorf("%w: %q is not in %s", ErrNoGroup, group, groupsFile)
}

// UserText writes a user for people to read: the number, and the name if /etc/passwd has one.
func UserText(uid uint32) string { return accountText(usersFile, uid) }

// GroupText is UserText for groups.
func GroupText(gid uint32) string { return accountText(groupsFile, gid) }

func accountText(file string, id uint32) string {
	number := strconv.FormatUint(uint64(id), 10)
	for fields := range accounts(file) {
		if fields[2] == number {
			return number + " (" + fields[0] + ")"
		}
	}
	return number
}

// accounts yields the fields of each line that has a name, a password and a number.
func accounts(file string) func(yield func(fields []string) bool) {
	return func(yield func(fields []string) bool) {
		text, err := os.ReadFile(file)
		if err != nil {
			return
		}
		for _, line := range strings.Split(string(text), "\n") {
			if fields := strings.Split(line, ":"); len(fields) >= 3 && !yield(fields) {
				return
			}
		}
	}
}
