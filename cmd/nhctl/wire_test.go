//go:build linux

package main_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/diff"

	"nhctl/internal/nl/nltest"
)

// wireCase is one line of testdata/wire/cases.jsonl: an argument line and what
// iproute2 7.1 on kernel 6.12 did with it.
type wireCase struct {
	Setup    []string          `json:"setup"`
	Args     string            `json:"args"`
	Stdin    *string           `json:"stdin"`
	StdinCmd string            `json:"stdin_cmd"` // its standard output becomes standard input
	Env      map[string]string `json:"env"`
	Note     string            `json:"note"`
	Hex      string            `json:"hex"`
	Code     int               `json:"rc"`
	Stdout   string            `json:"stdout"`
	Stderr   string            `json:"stderr"`
	Group    string            `json:"grp"`
	Unsafe   bool              `json:"unsafe"`
}

// wireExceptions are the cases (by command line, with standard input) whose
// bytes nhctl does not send as ip does, with the reason.
var wireExceptions = map[string]string{}

// outputExceptions are the cases whose output or exit code is not ip's, with
// the reason. What holds for many cases stands in reference_test.go.
var outputExceptions = map[string]string{
	"monitor help":              noMonitor,
	"monitor foo":               noMonitor,
	"monitor dev nosuch":        noMonitor,
	"monitor file /nonexistent": noMonitor,
}

const noMonitor = "nhctl has no monitor yet, and says so"

// leastCompared is the number of recorded cases whose bytes must have been
// compared for the whole test to count as one.
const leastCompared = 500

// TestWire runs every recorded case and compares the route, nexthop and bucket
// requests with the recorded bytes, then exit code and output.
//
// A result that depends on something this machine lacks (facts) may instead be
// equal to what the reference ip does here. So may, with a reference of 7.1,
// any output: then the difference from the recording is the kernel's.
func TestWire(t *testing.T) {
	cases := readWireCases(t)
	var tally wireTally
	t.Run("case", func(t *testing.T) {
		for i, c := range cases {
			t.Run(fmt.Sprintf("%03d", i), func(t *testing.T) {
				t.Parallel()
				if c.isUnsafe() {
					tally.skip(t, "unsafe for a live kernel, see TestDryRun: ip "+c.Args)
				}
				checkWire(t, c, &tally)
			})
		}
	})
	t.Log(&tally)
	if tally.cases == len(cases) && tally.recorded < leastCompared {
		t.Errorf("only %d of %d cases were compared with the recorded bytes, want %d", tally.recorded, len(cases), leastCompared)
	}
}

// checkWire runs one case and compares it with the recording, and where that
// differs and may, with the reference.
func checkWire(t *testing.T, c wireCase, tally *wireTally) {
	missing, err := missingFacts(c.text())
	if err != nil {
		t.Fatal(err)
	}
	if slices.Contains(missing, netdevsim) {
		tally.skip(t, "this machine lacks "+netdevsim)
	}
	tally.add(&tally.cases)
	got, err := suite.play(suite.nhctl, c)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.setupFailed) > 0 && len(missing) == 0 {
		t.Fatalf("ip %s: the setup failed, and nothing known is missing here:\n  %s", c.Args, strings.Join(got.setupFailed, "\n  "))
	}
	want, err := c.recorded()
	if err != nil {
		t.Fatal(err)
	}
	if reason, ok := wireExceptions[c.commandLine()]; ok {
		t.Log("bytes not compared:", reason)
		want.sent = got.sent
	}
	if reason, ok := outputExceptions[c.commandLine()]; ok {
		t.Log("output not compared:", reason)
		want.result = got.result
	}
	sameBytes := equalMessages(want.sent, got.sent)
	outDiff := want.outputDiff(c.Args, got)
	if sameBytes {
		tally.add(&tally.recorded)
	}
	if (!sameBytes || outDiff != "") && (len(missing) > 0 || suite.ipVersion == recordedVersion) {
		here, err := suite.play(suite.ip, c)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("compared with the reference; this machine lacks %q", missing)
		if !sameBytes && len(missing) > 0 {
			tally.add(&tally.reference)
			want.sent = here.sent
		}
		if outDiff != "" {
			outDiff = here.outputDiff(c.Args, got)
		}
	}
	if !equalMessages(want.sent, got.sent) {
		if reason, ok := suite.oldReference(c.Args); ok && len(missing) > 0 {
			t.Logf("bytes not compared: iproute2 %s: %s", suite.ipVersion, reason)
		} else {
			t.Errorf("ip %s\nwant\n%sgot\n%s%s\n%s", c.Args, indent(nltest.Describe(want.sent)), indent(nltest.Describe(got.sent)),
				indent(got.summary()), c.reproduce(t))
		}
	}
	switch {
	case outDiff == "":
	case len(missing) > 0 && suite.ipVersion.before(recordedVersion):
		tally.add(&tally.unchecked)
		t.Logf("output not compared: this machine lacks %s, and the reference is iproute2 %s", strings.Join(missing, ", "), suite.ipVersion)
	default:
		t.Errorf("ip %s\n%s%s", c.Args, outDiff, c.reproduce(t))
	}
}

// TestDryRun compares what "nhctl --dry-run=hex" prints with the recorded
// bytes: one message a line, nothing sent. It is the only test of the cases
// that must not reach a live kernel.
func TestDryRun(t *testing.T) {
	if !suite.isNhctl {
		t.Skip("the binary under test is not nhctl: it has no --dry-run")
	}
	for i, c := range readWireCases(t) {
		if !c.isOneRequest() {
			continue
		}
		t.Run(fmt.Sprintf("%03d", i), func(t *testing.T) {
			t.Parallel()
			missing, err := missingFacts(c.text())
			if err != nil {
				t.Fatal(err)
			}
			c.Args = "--dry-run=hex " + c.Args
			got, err := suite.playUntraced(suite.nhctl, c)
			if err != nil {
				t.Fatal(err)
			}
			if len(got.setupFailed) > 0 {
				t.Skipf("this machine lacks %s", strings.Join(missing, ", "))
			}
			want, err := c.recorded()
			if err != nil {
				t.Fatal(err)
			}
			printed, err := nltest.ParseHex(got.result.Stdout)
			if err != nil {
				t.Fatalf("nhctl %s: %v\n%s", c.Args, err, got.summary())
			}
			for i, m := range printed {
				printed[i] = m.Normalise()
			}
			if got.result.Code != 0 || !equalMessages(want.sent, printed) {
				t.Errorf("nhctl %s\nwant\n%sgot\n%s%s\n%s", c.Args, indent(nltest.Describe(want.sent)),
					indent(nltest.Describe(printed)), indent(got.summary()), c.reproduce(t))
			}
		})
	}
}

// outcome is what a program did with a case.
type outcome struct {
	setupFailed []string
	sent        []nltest.Message // normalised
	result      nltest.Result
}

// play runs a case with one of the two programs, under strace.
func (h harness) play(bin string, c wireCase) (outcome, error) {
	dir, err := os.MkdirTemp("", "nhctl-wire-")
	if err != nil {
		return outcome{}, err
	}
	defer os.RemoveAll(dir)
	return h.playWith(bin, c, func(cmd nltest.Command) (nltest.Result, [][]byte, error) {
		return nltest.RunTraced(cmd, dir)
	})
}

// playUntraced runs a case without looking at what is sent.
func (h harness) playUntraced(bin string, c wireCase) (outcome, error) {
	return h.playWith(bin, c, func(cmd nltest.Command) (nltest.Result, [][]byte, error) {
		res, err := nltest.Run(cmd)
		return res, nil, err
	})
}

func (h harness) playWith(bin string, c wireCase, run func(nltest.Command) (nltest.Result, [][]byte, error)) (o outcome, err error) {
	words, err := splitWords(c.Args)
	if err != nil {
		return o, err
	}
	err = h.isolate(func() (err error) {
		if o.setupFailed, err = h.setup(c.Setup); err != nil {
			return err
		}
		cmd := nltest.Command{Argv: append([]string{bin}, words...), Env: baseEnv()}
		for k, v := range c.Env {
			cmd.Env = append(cmd.Env, k+"="+v)
		}
		switch {
		case c.Stdin != nil:
			cmd.Stdin = []byte(*c.Stdin)
		case c.StdinCmd != "":
			made, err := h.run(nltest.Command{Argv: []string{"sh", "-c", c.StdinCmd}, Env: append(baseEnv(), "IP="+h.ip)})
			if err != nil {
				return err
			}
			cmd.Stdin = []byte(made.Stdout)
		}
		if err := refuseTunnelOptions(cmd); err != nil {
			return err
		}
		var sends [][]byte
		o.result, sends, err = run(cmd)
		o.sent = nltest.Requests(sends)
		return err
	})
	return o, err
}

// volatileText is what differs from one run to the next in a program's output:
// times, and use counts, which are left out when they are zero.
var volatileText = []struct {
	pattern *regexp.Regexp
	replace string
}{
	{regexp.MustCompile(`((?:idle_time|expires|unbalanced_time|"idle_time":|"expires":|"unbalanced_time":) ?)-?[0-9.]+`), "${1}N"},
	{regexp.MustCompile(`\b(users|used|age) -?\d+(sec)? `), ""},
	{regexp.MustCompile(`\s*"(users|used|age)": ?-?\d+,?`), ""},
}

// saveMagic starts the output of "ip route save"; raw messages follow.
const saveMagic = "$\x121E"

// comparable returns a program's standard output with what is volatile taken out.
func comparable(stdout string) string {
	if raw, ok := strings.CutPrefix(stdout, saveMagic); ok {
		return "saved routes\n" + nltest.Describe(nltest.Requests([][]byte{[]byte(raw)}))
	}
	for _, v := range volatileText {
		stdout = v.pattern.ReplaceAllString(stdout, v.replace)
	}
	return stdout
}

// outputDiff compares exit code, standard output and standard error; the last
// may go on after what is wanted. It returns "" when all is well.
func (want outcome) outputDiff(args string, got outcome) string {
	var b strings.Builder
	if want.result.Code != got.result.Code {
		fmt.Fprintf(&b, "  exit code: want %d, got %d\n", want.result.Code, got.result.Code)
	}
	// A recording keeps text: of saved routes it knows the beginning only.
	lossy := strings.ContainsRune(want.result.Stdout, '\uFFFD') && strings.HasPrefix(got.result.Stdout, saveMagic)
	w, g := comparable(want.result.Stdout), comparable(got.result.Stdout)
	if w != g && !lossy && !(suite.isNhctl && isMeant(args, w, g)) {
		b.WriteString(indent(string(diff.Diff("want stdout", []byte(w), "got stdout", []byte(g)))))
	}
	if !complainsLike(want.result.Stderr, got.result.Stderr) {
		b.WriteString(indent(string(diff.Diff("want stderr first", []byte(want.result.Stderr), "got stderr", []byte(got.result.Stderr)))))
	}
	return b.String()
}

var (
	nhctlNote = regexp.MustCompile(`(?m)^nhctl: .*\n`)
	ipUsage   = regexp.MustCompile(`(?ms)^Usage: ip (route|nexthop|monitor) .*`)
)

// complainsLike reports whether ip's lines stand first in what a program wrote
// on standard error. In a batch, which goes on, nhctl's notes may stand between.
// Where ip explains its usage, nhctl explains its own.
func complainsLike(ip, got string) bool {
	if strings.Contains(ip, "Command failed ") {
		got = nhctlNote.ReplaceAllString(got, "")
	}
	return strings.HasPrefix(got, ip) || strings.HasPrefix(got, ipUsage.ReplaceAllString(ip, "Usage: nhctl $1 "))
}

func (o outcome) summary() string {
	return fmt.Sprintf("exit code %d\nstdout %q\nstderr %q\n", o.result.Code, o.result.Stdout, o.result.Stderr)
}

func equalMessages(a, b []nltest.Message) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if string(a[i]) != string(b[i]) {
			return false
		}
	}
	return true
}

// recorded returns what the recording says.
func (c wireCase) recorded() (outcome, error) {
	msgs, err := nltest.ParseHex(c.Hex)
	return outcome{sent: msgs, result: nltest.Result{Code: c.Code, Stdout: c.Stdout, Stderr: c.Stderr}}, err
}

// commandLine is the case as one line, standard input included.
func (c wireCase) commandLine() string {
	if c.Stdin == nil {
		return c.Args
	}
	return c.Args + " << " + strings.ReplaceAll(*c.Stdin, "\n", `\n`)
}

// text is everything in a case that a kernel could get to see.
func (c wireCase) text() string {
	parts := append([]string{c.Args, c.StdinCmd}, c.Setup...)
	if c.Stdin != nil {
		parts = append(parts, *c.Stdin)
	}
	return strings.Join(parts, "\n")
}

func (c wireCase) isUnsafe() bool { return c.Unsafe || tunnelOptions.MatchString(c.text()) }

// isOneRequest reports whether all that is sent for the case is known before
// the kernel has answered.
func (c wireCase) isOneRequest() bool {
	msgs, err := nltest.ParseHex(c.Hex)
	return err == nil && len(msgs) == 1
}

// reproduce says how to see a failure again: as a test, and by hand.
func (c wireCase) reproduce(t *testing.T) string {
	var b strings.Builder
	fmt.Fprintf(&b, "again: go test ./cmd/nhctl -run '^%s$'\n", strings.ReplaceAll(t.Name(), "/", "$/^"))
	b.WriteString("by hand: unshare -Urnm; cd cmd/nhctl/testdata/wire; cat links.batch addresses.batch | ip -batch -\n")
	for _, line := range c.Setup {
		if script, ok := strings.CutPrefix(line, "!"); ok {
			fmt.Fprintf(&b, "  IP=ip; %s\n", script)
		} else {
			fmt.Fprintf(&b, "  ip %s\n", line)
		}
	}
	b.WriteString("  ")
	for k, v := range c.Env {
		fmt.Fprintf(&b, "%s=%s ", k, quoteWord(v))
	}
	switch {
	case c.Stdin != nil:
		fmt.Fprintf(&b, "printf %%s %s | ", quoteWord(*c.Stdin))
	case c.StdinCmd != "":
		fmt.Fprintf(&b, "IP=ip; (%s) | ", c.StdinCmd)
	}
	fmt.Fprintf(&b, "nhctl %s", c.Args)
	return b.String()
}

func readWireCases(t *testing.T) []wireCase {
	t.Helper()
	f, err := os.Open("testdata/wire/cases.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var cases []wireCase
	scan := bufio.NewScanner(f)
	scan.Buffer(nil, 1<<20)
	for scan.Scan() {
		var c wireCase
		if err := json.Unmarshal(scan.Bytes(), &c); err != nil {
			t.Fatalf("cases.jsonl, line %d: %v", len(cases)+1, err)
		}
		cases = append(cases, c)
	}
	if err := scan.Err(); err != nil {
		t.Fatal(err)
	}
	return cases
}

func indent(s string) string {
	if s == "" {
		return ""
	}
	return "    " + strings.ReplaceAll(strings.TrimSuffix(s, "\n"), "\n", "\n    ") + "\n"
}

// wireTally counts what TestWire compared.
type wireTally struct {
	mu        sync.Mutex
	cases     int // run or skipped
	recorded  int // bytes compared with the recording
	reference int // bytes compared with the reference ip on this machine
	unchecked int // output not compared
	skipped   int
}

func (w *wireTally) add(n *int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	*n++
}

func (w *wireTally) skip(t *testing.T, reason string) {
	w.add(&w.cases)
	w.add(&w.skipped)
	t.Skip(reason)
}

func (w *wireTally) String() string {
	return fmt.Sprintf("%d cases: bytes of %d compared with the recording, of %d with the reference ip; %d skipped; output of %d not compared",
		w.cases, w.recorded, w.reference, w.skipped, w.unchecked)
}
