//go:build linux

package man_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"nhctl/docs/man"
	"nhctl/internal/nl/nltest"
)

// commandLimit is how long a command of a page may take.
const commandLimit = 20 * time.Second

// deadly are words that some kernels do not survive: what has one of them is
// run with --dry-run or not at all.
var deadly = regexp.MustCompile(`(geneve|vxlan|erspan)_opts`)

// TestExamples runs the commands of each page's EXAMPLES, from the first to the
// last, in a network namespace of its own, and compares what they print. A
// command must succeed unless `echo $?` follows it and shows another code.
func TestExamples(t *testing.T) {
	for _, topic := range man.Topics() {
		t.Run(topic, func(t *testing.T) {
			t.Parallel()
			all := examples(t, topic, "EXAMPLES", false)
			s := newShell(t)
			if err := nltest.InNamespace(func() error { return s.all(all) }); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestEncapsulations runs the examples of encapsulations dry: whether a kernel
// takes them depends on how it was built, and some it must not be given.
func TestEncapsulations(t *testing.T) {
	all := examples(t, "route", "ENCAPSULATIONS", true)
	if len(all) < 10 {
		t.Errorf("only %d examples of encapsulations", len(all))
	}
	s := newShell(t)
	err := nltest.InNamespace(func() error {
		if out, code := s.run("ip link add eth0 type veth peer name peer0"); code != 0 {
			return fmt.Errorf("exit code %d: %s", code, out)
		}
		for _, ex := range all {
			out, code := s.run(ex.command + " --dry-run")
			if code != 0 || !strings.Contains(out, "RTA_ENCAP_TYPE") {
				t.Errorf("%s: %s\nexit code %d: %s", ex.where, ex.command, code, out)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// A shell runs commands one by one in a folder of its own, where nhctl is this
// test binary.
type shell struct {
	t    *testing.T
	dir  string
	path string
	code int // of the last command
}

func newShell(t *testing.T) *shell {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	if err := os.Symlink(self, filepath.Join(bin, "nhctl")); err != nil {
		t.Fatal(err)
	}
	return &shell{t: t, dir: t.TempDir(), path: bin + ":" + os.Getenv("PATH")}
}

// all runs examples and compares.
func (s *shell) all(all []example) error {
	for i, ex := range all {
		if deadly.MatchString(ex.command) && !strings.Contains(ex.command, "--dry-run") {
			return fmt.Errorf("%s: not to be sent to a kernel: %s", ex.where, ex.command)
		}
		out, code := s.run(ex.command)
		if got, want := trim(out), trim(ex.want); got != want {
			s.t.Errorf("%s: %s\nwant:\n%s\ngot:\n%s", ex.where, ex.command, want, got)
		}
		told := i+1 < len(all) && all[i+1].command == "echo $?"
		if code != 0 && !told {
			return fmt.Errorf("%s: %s\nexit code %d: %s", ex.where, ex.command, code, out)
		}
	}
	return nil
}

// run runs one command and returns what it printed and its exit code.
func (s *shell) run(command string) (out string, code int) {
	ctx, cancel := context.WithTimeout(context.Background(), commandLimit)
	defer cancel()
	c := exec.CommandContext(ctx, "bash", "-c", fmt.Sprintf("(exit %d)\n%s\n", s.code, command))
	c.Dir, c.WaitDelay = s.dir, time.Second
	c.Env = []string{"PATH=" + s.path, "LC_ALL=C", "HOME=" + s.dir}
	b, err := c.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		s.t.Errorf("%s: %v", command, err)
	}
	s.code = c.ProcessState.ExitCode()
	return string(b), s.code
}

// trim takes blanks off the ends of lines, which a page does not show.
func trim(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}
