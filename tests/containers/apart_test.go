package containers

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What the other tests take for granted: containers share nothing with the host but the kernel and the folder.
func TestContainersHaveNothingOfTheHostButTheFolder(t *testing.T) {
	t.Parallel()
	const script = `
echo user $(id -u)
for n in pid ipc uts mnt net cgroup user; do echo "$n $(readlink /proc/self/ns/$n)"; done
grep -E '^(Cap(Inh|Prm|Eff|Amb)|NoNewPrivs|Seccomp):' /proc/self/status
tail -n +3 /proc/net/dev | cut -d: -f1 | xargs echo networks
touch /file 2>/dev/null && echo root is writable
touch ` + poolsInside + `/file 2>/dev/null && echo folder is writable
ls -d /dev/shm/bipstest-* 2>/dev/null
ls /proc | grep -cx '[0-9]*' | xargs echo processes`
	nothing, _ := filterOf([]byte(`{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["reboot"],"action":"SCMP_ACT_ERRNO"}]}`))
	for _, p := range []place{
		{kind: crun, user: readers}, {kind: runc, user: readers}, {kind: bwrap, user: readers},
		{kind: crun, user: readers, shifted: true, filter: nothing}, {kind: runc, user: readers, filter: nothing},
	} {
		t.Run(p.String(), func(t *testing.T) {
			t.Parallel()
			s := newStage(t, backends[0])
			q := s.run(p, "sh", "-c", script)
			_ = q.wait() // the last of the script's programs may have found nothing
			said := "\n" + strings.Join(q.matches(""), "\n") + "\n"
			for _, want := range []string{
				"user 1002", "CapEff:\t0000000000000000", "CapPrm:\t0000000000000000", "CapAmb:\t0000000000000000",
				"NoNewPrivs:\t1", "networks lo", "Seccomp:\t" + map[bool]string{true: "2", false: "0"}[p.filter != nil],
			} {
				if !strings.Contains(said, "\n"+want+"\n") {
					t.Errorf("does not say %q: %s", want, said)
				}
			}
			for _, no := range []string{"writable", "bipstest-"} {
				if strings.Contains(said, no) {
					t.Errorf("says %q: %s", no, said)
				}
			}
			own := []string{"pid", "ipc", "uts", "mnt", "net", "cgroup"}
			if p.shifted || p.kind == bwrap {
				own = append(own, "user")
			}
			for _, namespace := range own {
				ours, err := os.Readlink(filepath.Join("/proc/self/ns", namespace))
				if err != nil {
					t.Fatal(err)
				}
				if !strings.Contains(said, "\n"+namespace+" ") || strings.Contains(said, ours) {
					t.Errorf("the host's %s namespace: %s", namespace, said)
				}
			}
		})
	}
}
