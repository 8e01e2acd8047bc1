package elements

import (
	"errors"
	"fmt"
	"os/user"
	"strconv"
	"strings"

	"github.com/go-gst/go-gst/pkg/gst"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/libbips"
)

// checkAccess refuses permissions that nobody means, and groups that are not there.
func (s *sinkSettings) checkAccess() error {
	if err := libbips.CheckPermissions(s.perms); err != nil {
		text := strings.TrimPrefix(err.Error(), bips.ErrOption.Error()+": ")
		return resource(gst.ResourceErrorSettings, fmt.Sprintf("property perms=%d was read as %s", s.perms, text), octalAdvice(s.perms))
	}
	switch {
	case s.group == "":
		return nil
	case s.perms&0o040 == 0:
		return badSetting("group=%s: the group has no right to the pool with perms=%#o: set perms=0660", s.group, s.perms)
	}
	if _, err := groupNumber(s.group); err != nil {
		return badSetting("group=%s: %v", s.group, err)
	}
	return nil
}

// octalAdvice says how permissions are written, and what a number that looks like octal without a 0
// in front would be as such.
func octalAdvice(perms uint32) string {
	const advice = "Write it in octal, with a 0 in front"
	meant, err := strconv.ParseUint(strconv.FormatUint(uint64(perms), 10), 8, 32)
	if err != nil || meant > 0o777 {
		return advice + "."
	}
	readers := meant & 0o444
	return fmt.Sprintf("%s: perms=%#o.", advice, 0o600|readers|meant&0o222&(readers>>1))
}

// groupNumber finds a group as the C library does, which knows more groups than those in /etc/group.
func groupNumber(group string) (string, error) {
	if _, err := strconv.ParseUint(group, 10, 32); err == nil {
		return group, nil
	}
	found, err := user.LookupGroup(group)
	if errors.As(err, new(user.UnknownGroupError)) {
		return "", errors.New("there is no such group")
	}
	if err != nil {
		return "", err
	}
	return found.Gid, nil
}
