package containers

import (
	"path/filepath"

	"golang.org/x/sys/unix"
)

// The parts of an OCI runtime configuration (config.json) that containers of these tests have.
type (
	spec struct {
		Version  string  `json:"ociVersion"`
		Process  program `json:"process"`
		Root     root    `json:"root"`
		Hostname string  `json:"hostname"`
		Mounts   []mount `json:"mounts"`
		Linux    linux   `json:"linux"`
	}
	program struct {
		User            user                `json:"user"`
		Args            []string            `json:"args"`
		Env             []string            `json:"env"`
		Cwd             string              `json:"cwd"`
		Capabilities    map[string][]string `json:"capabilities"`
		NoNewPrivileges bool                `json:"noNewPrivileges"`
	}
	user struct {
		UID int `json:"uid"`
		GID int `json:"gid"`
	}
	root struct {
		Path     string `json:"path"`
		ReadOnly bool   `json:"readonly"`
	}
	mount struct {
		Destination string   `json:"destination"`
		Type        string   `json:"type"`
		Source      string   `json:"source"`
		Options     []string `json:"options"`
	}
	linux struct {
		Namespaces    []namespace `json:"namespaces"`
		UIDMappings   []mapping   `json:"uidMappings,omitempty"`
		GIDMappings   []mapping   `json:"gidMappings,omitempty"`
		CgroupsPath   string      `json:"cgroupsPath"`
		MaskedPaths   []string    `json:"maskedPaths"`
		ReadonlyPaths []string    `json:"readonlyPaths"`
		Seccomp       *filter     `json:"seccomp,omitempty"`
	}
	namespace struct {
		Type string `json:"type"`
	}
	mapping struct {
		Container int `json:"containerID"`
		Host      int `json:"hostID"`
		Size      int `json:"size"`
	}
)

// shift is what the users of a container with a user namespace are on the host: user 0 is
// this one, and so on.
const shift = 100000

// bundle describes the container for a program.
func (s *stage) bundle(p place, id string, args []string) spec {
	folder := []string{"bind", "nosuid", "nodev", "noexec", "rw"}
	if p.readOnly {
		folder[len(folder)-1] = "ro"
	}
	c := spec{
		Version: "1.0.2",
		Process: program{
			User: user{p.user, p.user}, Args: args, Cwd: "/", NoNewPrivileges: true,
			Env:          append(insideEnv[:len(insideEnv):len(insideEnv)], "GST_REGISTRY_UPDATE=no", "GST_DEBUG=bips:4", "GST_DEBUG_NO_COLOR=1", "BIPS_SHM_DIR="+poolsInside),
			Capabilities: map[string][]string{},
		},
		Root:     root{Path: s.image.root, ReadOnly: true},
		Hostname: "container",
		Mounts: []mount{
			{"/proc", "proc", "proc", []string{"nosuid", "noexec", "nodev"}},
			{"/dev", "tmpfs", "tmpfs", []string{"nosuid", "noexec", "mode=755", "size=64k"}},
			{"/tmp", "tmpfs", "tmpfs", []string{"nosuid", "noexec", "nodev", "mode=1777", "size=16m"}},
			{poolsInside, "bind", s.folder, folder},
		},
		Linux: linux{
			CgroupsPath:   filepath.Join("/", s.group(), id),
			MaskedPaths:   []string{"/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/sched_debug"},
			ReadonlyPaths: []string{"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"},
			Seccomp:       p.filter,
		},
	}
	if p.system != nil {
		c.Process.NoNewPrivileges = false
		c.Process.Env = []string{"PATH=/usr/bin:/bin:/usr/sbin:/sbin", "container=oci", "SYSTEMD_UNIT_PATH=/units"}
		for _, set := range []string{"bounding", "permitted", "effective"} {
			c.Process.Capabilities[set] = ownCapabilities()
		}
		c.Root.ReadOnly = false
		c.Mounts = append(c.Mounts[:len(c.Mounts)-1], p.system...)
		c.Linux.MaskedPaths, c.Linux.ReadonlyPaths = nil, nil
	}
	for _, kind := range []string{"pid", "ipc", "uts", "mount", "network", "cgroup"} {
		c.Linux.Namespaces = append(c.Linux.Namespaces, namespace{kind})
	}
	if p.shifted {
		c.Linux.Namespaces = append(c.Linux.Namespaces, namespace{"user"})
		c.Linux.UIDMappings = []mapping{{0, shift, 65536}}
		c.Linux.GIDMappings = []mapping{{0, shift, 65536}}
	}
	return c
}

// ownCapabilities are those that systemd uses, as far as this process may hand them on.
func ownCapabilities() (names []string) {
	for name, number := range map[string]uintptr{
		"CHOWN": unix.CAP_CHOWN, "DAC_OVERRIDE": unix.CAP_DAC_OVERRIDE, "DAC_READ_SEARCH": unix.CAP_DAC_READ_SEARCH,
		"FOWNER": unix.CAP_FOWNER, "FSETID": unix.CAP_FSETID, "KILL": unix.CAP_KILL, "SETGID": unix.CAP_SETGID, "SETUID": unix.CAP_SETUID,
		"SETPCAP": unix.CAP_SETPCAP, "NET_ADMIN": unix.CAP_NET_ADMIN, "SYS_CHROOT": unix.CAP_SYS_CHROOT, "SYS_ADMIN": unix.CAP_SYS_ADMIN,
		"SYS_PTRACE": unix.CAP_SYS_PTRACE, "SYS_NICE": unix.CAP_SYS_NICE, "SYS_RESOURCE": unix.CAP_SYS_RESOURCE, "MKNOD": unix.CAP_MKNOD,
		"IPC_OWNER": unix.CAP_IPC_OWNER,
	} {
		if has, err := unix.PrctlRetInt(unix.PR_CAPBSET_READ, number, 0, 0, 0); err == nil && has == 1 {
			names = append(names, "CAP_"+name)
		}
	}
	return names
}
