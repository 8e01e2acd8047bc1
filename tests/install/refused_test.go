package install

import (
	"path/filepath"
	"strings"
	"testing"
)

// The sentence with which builds for other processors end, in C; in Go it is a name, with underscores.
const refusal = "BIPS is for 64-bit Linux on amd64 and arm64"

// compilers32 are compilers for 32 bits. Refusing needs no C library, so that most systems have one of them.
var compilers32 = map[string][]string{
	"cc -m32":             {"cc", "-m32"},
	"x32":                 {"cc", "-mx32"},
	"clang for ARM":       {"clang", "--target=arm-linux-gnueabihf"},
	"gcc for ARM":         {"arm-linux-gnueabihf-gcc"},
	"clang for big words": {"clang", "--target=s390x-linux-gnu"},
}

func TestACompilerForOtherProcessorsIsRefused(t *testing.T) {
	project := write(t, map[string]string{"use.c": "#include <bips/bips.h>\n"})
	for name, compiler := range compilers32 {
		t.Run(name, func(t *testing.T) {
			compiles32(t, compiler)
			out, err := try(project, nil, append(compiler, "-fsyntax-only", "-I"+filepath.Join(checkout(t), "libbips/include"), "use.c")...)
			if err == nil || !strings.Contains(out, refusal) {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// compiles32 skips the test where a compiler is not there, or does not know the processor.
func compiles32(t *testing.T, compiler []string) {
	t.Helper()
	need(t, compiler[0])
	folder := write(t, map[string]string{"empty.c": "int nothing;\n"})
	if out, err := try(folder, nil, append(compiler, "-fsyntax-only", "empty.c")...); err != nil {
		t.Skipf("%s compiles nothing: %s", strings.Join(compiler, " "), out)
	}
}

// Whoever compiles without exceptions, or an older C++, is told what to do.
func TestCPlusPlusWithoutWhatItNeedsIsRefused(t *testing.T) {
	project := write(t, map[string]string{"use.cpp": "#include <bips/bips.hpp>\nint main() { bips::Consumer(\"camera0\").Pull(); }\n"})
	for _, compiler := range []string{"g++", "clang++"} {
		for option, sentence := range map[string]string{
			"-fno-exceptions": "bips.hpp throws exceptions: compile without -fno-exceptions, or use bips.h",
			"-std=c++14":      "bips.hpp needs C++17: compile with -std=c++17 or later, or use bips.h",
		} {
			t.Run(compiler+" "+option, func(t *testing.T) {
				need(t, compiler)
				out, err := try(project, nil, compiler, "-std=c++17", option, "-fsyntax-only", "-I"+filepath.Join(checkout(t), "libbips/include"), "use.cpp")
				if err == nil || !strings.Contains(out, sentence) {
					t.Errorf("%v\n%s", err, out)
				}
			})
		}
	}
}

func TestMesonForOtherProcessorsIsRefused(t *testing.T) {
	need(t, "meson", "ninja", "arm-linux-gnueabihf-gcc")
	cross := write(t, map[string]string{"arm.ini": `[binaries]
c = 'arm-linux-gnueabihf-gcc'
[host_machine]
system = 'linux'
cpu_family = 'arm'
cpu = 'armv7'
endian = 'little'
`})
	out, err := try(checkout(t), nil, "meson", "setup", "--cross-file", filepath.Join(cross, "arm.ini"), filepath.Join(t.TempDir(), "build"))
	if err == nil || !strings.Contains(out, refusal) {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestCMakeForOtherProcessorsIsRefused(t *testing.T) {
	need(t, "cmake", "ninja", "arm-linux-gnueabihf-gcc")
	out, err := try(checkout(t), nil, "cmake", "-G", "Ninja", "-DCMAKE_SYSTEM_NAME=Linux", "-DCMAKE_SYSTEM_PROCESSOR=arm",
		"-DCMAKE_C_COMPILER=arm-linux-gnueabihf-gcc", "-DCMAKE_TRY_COMPILE_TARGET_TYPE=STATIC_LIBRARY", // its libc may not be here
		"-S", "libbips", "-B", t.TempDir())
	if flat := strings.Join(strings.Fields(out), " "); err == nil || !strings.Contains(flat, refusal) {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestGoForOtherSystemsIsRefused(t *testing.T) {
	const platform = "github.com/bips-ipc/bips/internal/platform"
	for _, target := range []string{"linux/arm", "linux/386", "linux/s390x", "darwin/arm64", "windows/amd64"} {
		t.Run(target, func(t *testing.T) {
			system, processor, _ := strings.Cut(target, "/")
			settings := []string{"CGO_ENABLED=0", "GOOS=" + system, "GOARCH=" + processor}
			// It imports nothing, so that no standard library is compiled for it, and nothing that is not there on other systems
			// can make other errors: internal/sys is compiled behind it.
			out, err := try(checkout(t), settings, "go", "build", platform)
			if err == nil || !strings.Contains(out, "BIPS_is_for_64_bit_Linux_on_amd64_and_arm64") {
				t.Errorf("%v\n%s", err, out)
			}
			if imports := run(t, checkout(t), settings, "go", "list", "-f", "{{.Imports}}", "./internal/sys"); !strings.Contains(imports, platform) {
				t.Errorf("internal/sys imports %s", imports)
			}
		})
	}
}
