//go:build linux

package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"nhctl/internal/nl/nltest"
)

// showOptions are the sets of options that every line of show.lines is run with.
var showOptions = []string{
	"", "-j", "-d", "-o", "-4", "-6", "-N", "-s", "-c=always", "-j -d", "-j -p", "-j -6", "-d -6", "-s -s", "-o -d -6",
	"-N -d", "-N -d -j -6", "-j -p -d -6", "-c=always -6 -d",
}

// leastTwins is the number of lines that must have been compared in full for
// TestTwins to count as a test.
const leastTwins = 300

// TestTwins runs lines that change nothing through nhctl and through the
// reference ip in the same namespace, which has routes and nexthops of every
// kind, and compares exit code and output. The lines that fail are among them.
func TestTwins(t *testing.T) {
	shown := readLines(t, "testdata/twin/show.lines")
	plain := readLines(t, "testdata/twin/plain.lines")
	var groups, compared atomic.Int32
	t.Run("line", func(t *testing.T) {
		for _, line := range shown {
			t.Run(line, func(t *testing.T) {
				t.Parallel()
				groups.Add(1)
				var lines []string
				for _, options := range showOptions {
					lines = append(lines, strings.TrimSpace(options+" "+line))
				}
				compared.Add(compareInWorld(t, lines))
			})
		}
		for _, line := range plain {
			t.Run(line, func(t *testing.T) {
				t.Parallel()
				groups.Add(1)
				compared.Add(compareInWorld(t, []string{line}))
			})
		}
	})
	t.Logf("%d of %d lines compared in full with iproute2 %s", compared.Load(), len(shown)*len(showOptions)+len(plain), suite.ipVersion)
	if int(groups.Load()) == len(shown)+len(plain) && compared.Load() < leastTwins {
		t.Errorf("only %d lines were compared in full, want %d", compared.Load(), leastTwins)
	}
}

// compareInWorld runs lines through both programs in a world of their own and
// returns how many it could compare in full.
func compareInWorld(t *testing.T, lines []string) (compared int32) {
	type pair struct{ ip, nhctl nltest.Result }
	results := make([]pair, len(lines))
	err := suite.isolate(func() error {
		if err := suite.world(); err != nil {
			return err
		}
		for i, line := range lines {
			var err error
			if results[i].ip, err = suite.line(suite.ip, line); err != nil {
				return err
			}
			if results[i].nhctl, err = suite.line(suite.nhctl, line); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range lines {
		diff, full := suite.twinDiff(line, results[i].ip, results[i].nhctl)
		if full {
			compared++
		}
		if diff != "" {
			t.Errorf("ip %s\n%sby hand: unshare -Urnm; cd cmd/nhctl/testdata;\n"+
				"  cat wire/{links,addresses}.batch twin/{links,routes}.batch | ip -force -batch -\n  nhctl %s", line, diff, line)
		}
	}
	return compared
}

// TestTwinChanges runs stories of lines that change routes, each in a namespace
// for nhctl and in one for the reference ip: after each line exit code and
// output are compared, and in the end what the kernel has.
func TestTwinChanges(t *testing.T) {
	files, err := filepath.Glob("testdata/twin/change/*.lines")
	if err != nil || len(files) == 0 {
		t.Fatal("no stories in testdata/twin/change", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".lines"), func(t *testing.T) {
			t.Parallel()
			lines := readLines(t, file)
			want, err := suite.story(suite.ip, lines)
			if err != nil {
				t.Fatal(err)
			}
			got, err := suite.story(suite.nhctl, lines)
			if err != nil {
				t.Fatal(err)
			}
			for i, line := range append(lines, kernelState...) {
				if diff, _ := suite.twinDiff(line, want[i], got[i]); diff != "" {
					t.Errorf("line %d: ip %s\n%s", i+1, line, diff)
				}
			}
		})
	}
}

// kernelState are the lines by which the reference shows what a story has led to.
var kernelState = []string{
	"-d -4 route show table all", "-d -6 route show table all", "-d nexthop show", "-j route show table all", "-j nexthop show",
}

// story runs lines through a program in the wire fixture, then shows the state
// through the reference.
func (h harness) story(bin string, lines []string) (results []nltest.Result, err error) {
	err = h.isolate(func() error {
		run := func(bin string, lines []string) error {
			for _, line := range lines {
				res, err := h.line(bin, line)
				if err != nil {
					return err
				}
				results = append(results, res)
			}
			return nil
		}
		if err := run(bin, lines); err != nil {
			return err
		}
		return run(h.ip, kernelState)
	})
	return results, err
}

// line runs one line of arguments through a program. What follows "<<" is its
// standard input, with \n for a line end.
func (h harness) line(bin, line string) (nltest.Result, error) {
	args, input, hasInput := strings.Cut(line, " << ")
	words, err := splitWords(args)
	if err != nil {
		return nltest.Result{}, err
	}
	cmd := nltest.Command{Argv: append([]string{bin}, words...), Env: baseEnv()}
	if hasInput {
		cmd.Stdin = []byte(strings.ReplaceAll(input, `\n`, "\n"))
	}
	return h.run(cmd)
}

// twinDiff compares what nhctl did with a line with what the reference did. It
// makes up for the reference's age; where it cannot, it compares less and says
// so in full.
func (h harness) twinDiff(line string, ip, nhctl nltest.Result) (diff string, full bool) {
	want := outcome{result: ip}
	full = true
	for _, d := range oldOutput {
		switch {
		case !h.ipVersion.before(d.since) || !d.concerns(line, ip):
		case d.update != nil:
			d.update(&want.result)
		default:
			want.result.Stdout, want.result.Stderr = nhctl.Stdout, nhctl.Stderr
			full = false
		}
	}
	return want.outputDiff(line, outcome{result: nhctl}), full
}

var failedCommand = regexp.MustCompile(`Command failed -:(\d+)`)

// world makes the links, routes and nexthops of testdata/twin on top of the
// fixture. A route may fail only when it mentions something that this machine
// lacks.
func (h harness) world() error {
	if err := sysctl("ipv6/conf/default/disable_ipv6", "1"); err != nil {
		return err
	}
	if err := h.batch("testdata/twin/links.batch"); err != nil {
		return err
	}
	if err := awaitRunning(true, "veth6", "veth7"); err != nil {
		return err
	}
	if err := awaitRunning(false, "veth8"); err != nil {
		return err
	}
	batch, err := os.ReadFile("testdata/twin/routes.batch")
	if err != nil {
		return err
	}
	res, err := h.run(nltest.Command{Argv: []string{h.ip, "-force", "-batch", "-"}, Env: baseEnv(), Stdin: batch})
	if err != nil {
		return err
	}
	if res.Code > 1 {
		return fmt.Errorf("routes.batch: exit code %d: %s", res.Code, res.Stderr)
	}
	lines := strings.Split(string(batch), "\n")
	for _, m := range failedCommand.FindAllStringSubmatch(res.Stderr, -1) {
		n, _ := strconv.Atoi(m[1])
		missing, err := missingFacts(lines[n-1])
		if err != nil {
			return err
		}
		if len(missing) == 0 {
			return fmt.Errorf("routes.batch: line %d failed, and nothing known is missing here: %s\n%s", n, lines[n-1], res.Stderr)
		}
	}
	return nil
}

// readLines returns the lines of a file that are neither empty nor comments.
func readLines(t *testing.T, file string) []string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	return lines
}
