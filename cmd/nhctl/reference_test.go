//go:build linux

package main_test

import (
	"encoding/json"
	"regexp"
	"strings"

	"nhctl/internal/nl/nltest"
)

// recordedVersion is the iproute2 that nhctl takes the place of. A reference of
// this version is compared with in full.
var recordedVersion = version{7, 1}

// ownOutput is where nhctl's standard output is meant to differ from ip's, with
// the reason, and with what must be true of it instead. The manual has each
// under "Differences from ip".
var ownOutput = []struct {
	reason string
	args   *regexp.Regexp
	holds  func(ip, nhctl string) bool
}{
	{
		"-j with -echo: ip prints [{{…}}]",
		regexp.MustCompile(`^(.* )?-j.* -echo |^(.* )?-echo .*-j`), onlyJSON,
	},
	{
		"-j route showdump: ip prints text",
		regexp.MustCompile(`^(.* )?-j.* showd`), onlyJSON,
	},
	{
		"-j … flush: ip prints text",
		regexp.MustCompile(`^(.* )?-j.* f(l(u(sh?)?)?)?( |$)`), onlyJSON,
	},
	{
		"-j route get … connected: ip prints the second answer as text",
		regexp.MustCompile(`^(.* )?-j.* get .*connected`), onlyJSON,
	},
	{
		"nexthop list fdb: the kernel does not filter, and ip believes that it did",
		regexp.MustCompile(`nexthop list f`),
		func(_, nhctl string) bool {
			return !strings.Contains(nhctl, "id") || strings.Contains(nhctl, "fdb") && !strings.Contains(nhctl, "blackhole")
		},
	},
}

// isMeant reports whether nhctl's standard output differs from ip's as it should.
func isMeant(args, ip, nhctl string) bool {
	for _, d := range ownOutput {
		if d.args.MatchString(args) {
			return d.holds(ip, nhctl)
		}
	}
	return false
}

func onlyJSON(_, nhctl string) bool { return isJSON(nhctl) }

// isJSON reports whether a text is a sequence of JSON values, perhaps empty.
func isJSON(text string) bool {
	d := json.NewDecoder(strings.NewReader(text))
	for d.More() {
		var v any
		if d.Decode(&v) != nil {
			return false
		}
	}
	return true
}

// oldBytes is where a reference older than 7.1 sends other bytes than 7.1.
var oldBytes = []struct {
	since  version // the first iproute2 that does as 7.1 does
	reason string
	args   *regexp.Regexp
}{
	{version{6, 10}, "NHA_OP_FLAGS is not sent", regexp.MustCompile(`^(.* )?-d .*r|nexthop (get|show|list) `)},
}

// oldReference returns why the reference may send other bytes than 7.1 does.
func (h harness) oldReference(args string) (reason string, ok bool) {
	for _, d := range oldBytes {
		if h.ipVersion.before(d.since) && d.args.MatchString(args) {
			return d.reason, true
		}
	}
	return "", false
}

// oldOutput is where a reference older than 7.1 prints something else. When
// update is nil, the output is not compared; otherwise it makes of the older
// output what 7.1 would have printed.
var oldOutput = []struct {
	since    version
	reason   string
	concerns func(args string, r nltest.Result) bool
	update   func(r *nltest.Result)
}{
	{version{6, 3}, "an encapsulation is not an object in JSON", printed(`"encap":"|"encap": "`), nil},
	{version{6, 4}, "a failed dump leaves its array open", printed(`^\[ ?\n?$`), func(r *nltest.Result) {
		r.Stdout = strings.TrimSuffix(r.Stdout, "\n") + "]\n"
	}},
	{version{6, 10}, "dev matches single-hop routes only", given(`route .*\b(dev|oif) `), nil},
	{version{6, 10}, "groups have no statistics", given(`-s .*nex`), nil},
	{version{6, 13}, "is a garbage", complained(`is a garbage`), func(r *nltest.Result) {
		r.Stderr = strings.ReplaceAll(r.Stderr, "is a garbage", "is garbage")
	}},
	{version{6, 17}, "colours are those for a light background", given(`-c`), func(r *nltest.Result) {
		r.Stdout = lightColours.ReplaceAllString(r.Stdout, "\x1b[1;${1}m")
		r.Stdout = strings.ReplaceAll(r.Stdout, "\x1b[1;34m", "\x1b[1;94m")
	}},
	{version{7, 1}, "usage lists fewer words", complained(`Usage: `), nil},
}

var lightColours = regexp.MustCompile("\x1b\\[(3[456])m")

func given(pattern string) func(string, nltest.Result) bool {
	re := regexp.MustCompile(pattern)
	return func(args string, _ nltest.Result) bool { return re.MatchString(args) }
}

func printed(pattern string) func(string, nltest.Result) bool {
	re := regexp.MustCompile(pattern)
	return func(_ string, r nltest.Result) bool { return re.MatchString(r.Stdout) }
}

func complained(pattern string) func(string, nltest.Result) bool {
	re := regexp.MustCompile(pattern)
	return func(_ string, r nltest.Result) bool { return re.MatchString(r.Stderr) }
}
