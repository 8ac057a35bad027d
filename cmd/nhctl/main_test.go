//go:build linux

// Tests of nhctl as a program, each in network namespaces of its own:
//
//   - wire_test.go: argument lines and the bytes that iproute2 7.1 sends for them
//   - twin_test.go: the same lines through nhctl and ip, output compared
//   - script_test.go: stories in testdata/script
//
// NHCTL_BIN names another binary to test; any iproute2 "ip" will do to test the
// tests. NHCTL_REF_IP names the "ip" that prepares namespaces and that nhctl is
// compared with; 7.1 compares most.
package main_test

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"nhctl/internal/nl/nltest"
)

// suite is set once, before the first test, and read by all.
var suite harness

// harness knows the two programs that the tests run.
type harness struct {
	nhctl     string  // the binary under test
	isNhctl   bool    // false for a stand-in, which lacks nhctl's own flags
	ip        string  // the reference
	ipVersion version // of iproute2
	path      string  // PATH of scripts, in which nhctl and ip are these two
}

func TestMain(m *testing.M) {
	flag.Parse()
	nltest.Enter()
	os.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin:/sbin") // where some systems keep ip out of a user's PATH
	dir, err := os.MkdirTemp("", "nhctl-test-")
	if err == nil {
		suite, err = newHarness(dir)
	}
	code := 1
	if err != nil {
		fmt.Fprintln(os.Stderr, "nhctl tests:", err)
	} else {
		code = m.Run()
	}
	os.RemoveAll(dir)
	os.Exit(code)
}

// neededTools maps the programs that the tests run to their Debian packages.
var neededTools = [][2]string{{"ip", "iproute2"}, {"strace", "strace"}}

func newHarness(dir string) (harness, error) {
	for _, tool := range neededTools {
		if _, err := exec.LookPath(tool[0]); err != nil {
			return harness{}, fmt.Errorf("%s is missing: apt-get install %s", tool[0], tool[1])
		}
	}
	h := harness{nhctl: os.Getenv("NHCTL_BIN"), ip: os.Getenv("NHCTL_REF_IP")}
	if h.ip == "" {
		h.ip = "ip"
	}
	var err error
	if h.ip, err = exec.LookPath(h.ip); err != nil {
		return h, fmt.Errorf("NHCTL_REF_IP: %w", err)
	}
	if h.ipVersion, err = iproute2Version(h.ip); err != nil {
		return h, err
	}
	if h.nhctl == "" {
		h.nhctl, h.isNhctl = filepath.Join(dir, "built", "nhctl"), true
		if out, err := exec.Command("go", "build", "-o", h.nhctl, ".").CombinedOutput(); err != nil {
			return h, fmt.Errorf("go build: %w\n%s", err, out)
		}
	} else if h.isNhctl, err = hasDryRun(h.nhctl); err != nil {
		return h, err
	}
	h.path, err = commandPath(filepath.Join(dir, "bin"), h.nhctl, h.ip)
	return h, err
}

// hasDryRun tells nhctl from a stand-in, in a namespace where a program that
// takes --dry-run for something else does no harm.
func hasDryRun(bin string) (has bool, err error) {
	err = nltest.InNamespace(func() error {
		res, err := nltest.Run(nltest.Command{
			Argv: []string{bin, "--dry-run", "route", "add", "192.0.2.0/24", "dev", "lo"},
			Env:  baseEnv(),
		})
		has = res.Code == 0
		return err
	})
	return has, err
}

// commandPath makes a directory with the programs nhctl and ip, and returns a
// PATH that starts with it. They are scripts rather than links because iproute2
// looks at the name it is called by.
func commandPath(dir, nhctl, ip string) (string, error) {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return "", err
	}
	for name, bin := range map[string]string{"nhctl": nhctl, "ip": ip} {
		bin, err := filepath.Abs(bin)
		if err != nil {
			return "", err
		}
		script := fmt.Sprintf("#!/bin/sh\nexec %s \"$@\"\n", quoteWord(bin))
		if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o755); err != nil {
			return "", err
		}
	}
	return dir + ":" + os.Getenv("PATH"), nil
}

// baseEnv is the environment of every program the tests run: nothing in it
// changes a colour, a width or a language.
func baseEnv() []string {
	return []string{"PATH=" + os.Getenv("PATH"), "HOME=/nonexistent", "LANG=C.UTF-8"}
}

// tunnelOptions matches what must never reach a live kernel: a route with
// "encap ip" or "encap ip6" and one of these stops kernel 6.18 for good, with
// the routing lock held (docs/architecture.md).
var tunnelOptions = regexp.MustCompile(`(geneve|vxlan|erspan)_opts`)

// run runs a program of the suite in the calling thread's namespaces. It
// refuses tunnel options without --dry-run.
func (h harness) run(c nltest.Command) (nltest.Result, error) {
	if err := refuseTunnelOptions(c); err != nil {
		return nltest.Result{}, err
	}
	return nltest.Run(c)
}

func refuseTunnelOptions(c nltest.Command) error {
	line := strings.Join(c.Argv, " ")
	if tunnelOptions.MatchString(line+string(c.Stdin)) && !strings.Contains(line, " --dry-run") {
		return fmt.Errorf("%s: not run, because tunnel options can stop the kernel; use --dry-run", line)
	}
	return nil
}

// reference runs a line of arguments through the reference ip.
func (h harness) reference(args string) (nltest.Result, error) {
	words, err := splitWords(args)
	if err != nil {
		return nltest.Result{}, err
	}
	return h.run(nltest.Command{Argv: append([]string{h.ip}, words...), Env: baseEnv()})
}

var linkDown = regexp.MustCompile(`^link set (\S+) down$`)

// setup runs preparatory lines: through the reference ip, or through sh, which
// finds that ip in $IP, when a line starts with "!". When one sets a device of the fixture down, the
// kernel takes a moment to see that its peer has lost the carrier: setup waits
// for that. It returns the lines that failed.
func (h harness) setup(lines []string) (failed []string, err error) {
	for _, line := range lines {
		var res nltest.Result
		if script, ok := strings.CutPrefix(line, "!"); ok {
			res, err = h.run(nltest.Command{Argv: []string{"sh", "-c", script}, Env: append(baseEnv(), "IP="+h.ip)})
		} else {
			res, err = h.reference(line)
		}
		if err != nil {
			return failed, err
		}
		if res.Code != 0 {
			failed = append(failed, line+": "+strings.TrimSpace(res.Stderr))
		}
		if m := linkDown.FindStringSubmatch(line); m != nil {
			if err := awaitRunning(false, fixturePeers[m[1]]); err != nil {
				return failed, err
			}
		}
	}
	return failed, nil
}
