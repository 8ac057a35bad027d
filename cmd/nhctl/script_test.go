//go:build linux

package main_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"

	"nhctl/internal/nl/nltest"
)

var updateScripts = flag.Bool("update", false, "write what the scripts' cmp commands got into the scripts")

// TestScripts runs the stories of testdata/script, each in a network namespace
// and a mount namespace of its own.
//
// Beside testscript's own, a script has the commands
//
//	topology NAME              make the links and addresses of testdata/topology/NAME.batch, or of the wire fixture
//	status CODE PROGRAM ARGS   run a program that must exit with CODE; stdout and stderr follow
//	complains FILE             stderr begins with the lines of FILE; notes of nhctl may follow
//	sysctl NAME VALUE          set a variable below /proc/sys/net
//	await-listener             wait until a program started in the background listens to routing events
//
// and the conditions
//
//	[nhctl]        the program is nhctl and not a stand-in
//	[root]         root of the machine, not only of a user namespace
//	[link:KIND]    links of this kind can be made
//	[encap:TYPE]   routes with this encapsulation can be made
//	[kernel:5.3]   the kernel is at least this one
//
// nhctl is the binary under test, ip is the reference.
func TestScripts(t *testing.T) {
	scripts, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range scripts {
		if err := checkScript(file); err != nil {
			t.Fatal(err)
		}
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       *updateScripts,
		RequireUniqueNames:  true,
		RequireExplicitExec: true,
		Deadline:            time.Now().Add(2 * time.Minute),
		Setup:               setupScript,
		Condition:           scriptCondition,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"topology":       cmdTopology,
			"status":         cmdStatus,
			"complains":      cmdComplains,
			"sysctl":         cmdSysctl,
			"await-listener": cmdAwaitListener,
		},
	})
}

// checkScript refuses, before anything is run, a script whose first line does
// not say what it proves, and one that may hand tunnel options to a kernel.
func checkScript(file string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(data, []byte("# ")) {
		return fmt.Errorf("%s: the first line does not say what is true at the end", file)
	}
	for line := range strings.Lines(string(data)) {
		if tunnelOptions.MatchString(line) && !strings.Contains(line, "--dry-run") && !strings.HasPrefix(line, "#") &&
			!strings.HasPrefix(line, "stdout ") {
			return fmt.Errorf("%s: tunnel options without --dry-run: %s", file, line)
		}
	}
	return nil
}

// setupScript runs on the goroutine that will run the script, and every program
// of it: they inherit the namespaces of its thread.
func setupScript(env *testscript.Env) error {
	env.Vars = append(env.Vars, "LANG=C.UTF-8")
	env.Setenv("PATH", suite.path)
	return nltest.IsolateThread()
}

func scriptCondition(cond string) (bool, error) {
	name, arg, _ := strings.Cut(cond, ":")
	switch name {
	case "nhctl":
		return suite.isNhctl, nil
	case "root":
		return nltest.IsMachineRoot()
	case "link":
		return linkWorks(arg)
	case "encap":
		probe := encapWorks(arg)
		if probe == nil {
			return false, fmt.Errorf("nothing known about encap %q", arg)
		}
		return probe()
	case "kernel":
		want, err := parseVersion(arg)
		if err != nil {
			return false, err
		}
		have, err := kernelRelease()
		return !have.before(want), err
	}
	return false, fmt.Errorf("unknown condition %q", cond)
}

func cmdTopology(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: topology NAME")
	}
	if args[0] == "wire" {
		ts.Check(suite.wireFixture())
		return
	}
	ts.Check(suite.topology(args[0]))
}

func cmdStatus(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status CODE PROGRAM ARGS")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	err = ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code: want %d, got %d", want, got)
	}
}

func cmdComplains(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: complains FILE")
	}
	if want, got := ts.ReadFile(args[0]), ts.ReadFile("stderr"); !complainsLike(want, got) {
		ts.Fatalf("stderr wants first\n%sgot\n%s", indent(want), indent(got))
	}
}

func cmdSysctl(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: sysctl NAME VALUE")
	}
	ts.Check(sysctl(args[0], args[1]))
}

func cmdAwaitListener(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: await-listener")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	ts.Check(nltest.AwaitListener(ctx))
}

// TestRefusesTunnelOptions proves that the tests' own guards hold.
func TestRefusesTunnelOptions(t *testing.T) {
	line := "route add 10.1.0.0/16 encap ip id 1 dst 10.0.0.9 vxlan_opts 1 dev lo"
	for _, c := range []nltest.Command{
		{Argv: append([]string{"true"}, strings.Fields(line)...)},
		{Argv: []string{"true", "-batch", "-"}, Stdin: []byte(line)},
		{Argv: []string{"sh", "-c", "true " + line}},
	} {
		if _, err := suite.run(c); err == nil {
			t.Errorf("%q %q was run", c.Argv, c.Stdin)
		}
	}
	script := filepath.Join(t.TempDir(), "x.txtar")
	for _, text := range []string{"exec nhctl " + line, "exec nhctl -batch f\n-- f --\n" + line} {
		if err := os.WriteFile(script, []byte("# x\n"+text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if checkScript(script) == nil {
			t.Errorf("a script with %q was accepted", text)
		}
	}
}

// TestListenerIsSeen proves that await-listener sees a listener of its own
// namespace and nothing else.
func TestListenerIsSeen(t *testing.T) {
	err := nltest.InNamespace(func() error {
		soon, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
		defer cancel()
		if nltest.AwaitListener(soon) == nil {
			return errors.New("a listener in an empty namespace")
		}
		fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: unix.RTMGRP_IPV4_ROUTE}); err != nil {
			return err
		}
		return nltest.AwaitListener(context.Background())
	})
	if err != nil {
		t.Fatal(err)
	}
}
