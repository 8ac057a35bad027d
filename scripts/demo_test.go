// Package scripts_test runs what stands in this folder as a user would.
package scripts_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"nhctl/internal/cli"
)

// TestMain makes the test binary answer as nhctl when called by that name, so
// the demo runs the code under test and needs no build beside it.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "nhctl" {
		os.Exit(cli.Main(os.Args))
	}
	os.Exit(m.Run())
}

// TestDemo runs the demo from its first line to its last. The demo checks the
// exit code of every step itself; here stand the lines a reader came for.
func TestDemo(t *testing.T) {
	if _, err := os.ReadFile("demo"); err != nil { // go test reruns when it changes
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	nhctl := filepath.Join(t.TempDir(), "nhctl")
	if err := os.Symlink(self, nhctl); err != nil {
		t.Fatal(err)
	}

	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "./demo")
	cmd.Env = append(os.Environ(), "NHCTL="+nhctl)
	cmd.WaitDelay = time.Second // a child stuck in the kernel must not hold us
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("demo: %v\n%s", err, out)
	}

	for _, want := range []string{
		`(?m)^\tnexthop via 2001:db8:b::2 dev eth1 weight 1 $`,
		`(?m)^2001:db8:f::/64 via 2001:db8:b::2 dev eth1 metric 1024 pref medium$`,
		`(?m)^\tnexthop via 2001:db8:a::2 dev eth0 weight 3 $`,
		`(?m)^id 10 group 1,3/2 ?$`,
		`(?m)^198\.51\.100\.0/24 nhid 10 ?$`,
		`RTM_NEWROUTE`,
		`RTA_GATEWAY`,
		`NLMSG_ERROR`,
		`(?m)^Error: Nexthop has invalid gateway\.$`,
	} {
		if !regexp.MustCompile(want).Match(out) {
			t.Errorf("demo prints no line %s", want)
		}
	}
	for line := range strings.Lines(string(out)) {
		if n := len([]rune(strings.TrimRight(strings.ReplaceAll(line, "\t", "        "), "\n"))); n > 80 {
			t.Errorf("line of %d columns, want at most 80: %s", n, line)
		}
	}
	if t.Failed() {
		t.Logf("demo printed:\n%s", out)
	}
}
