package plugin

import (
	"context"
	"errors"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// What the READMEs of pipelines/ say is run: a recipe's test.sh ends with 77 when it needs
// what is not installed.
func TestRecipes(t *testing.T) {
	scripts, err := filepath.Glob("../../pipelines/*/test.sh")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no recipes: %v", err)
	}
	for _, script := range scripts {
		t.Run(filepath.Base(filepath.Dir(script)), func(t *testing.T) {
			t.Parallel()
			dir := ownDir(t)
			ctx, cancel := context.WithTimeout(t.Context(), 3*patience)
			defer cancel()
			run := exec.CommandContext(ctx, script)
			run.WaitDelay = time.Second
			run.Env = append(run.Env, env...)
			run.Env = append(run.Env, "BIPS_BUILD="+buildDir(t))
			dir.use(run)
			scriptOverBackend(t, run)
			out, err := run.CombinedOutput()
			var exit *exec.ExitError
			if errors.As(err, &exit) && exit.ExitCode() == 77 {
				t.Skipf("%s", out)
			}
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			t.Logf("%s", out)
			dir.isClean(t, "after the recipe")
		})
	}
}
