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

// difference is something in which two programs may differ, by name.
type difference struct {
	reason string
	args   *regexp.Regexp // argument lines it concerns
}

// ownOutput is where nhctl's output is meant to differ from ip's: ip's is not
// JSON there although it was asked for. The manual has it under "Differences
// from ip".
var ownOutput = []difference{
	{"-j with -echo: ip prints [{{…}}]", regexp.MustCompile(`^(.* )?-j.* -echo |^(.* )?-echo .*-j`)},
	{"-j route showdump: ip prints text", regexp.MustCompile(`^(.* )?-j.* showd`)},
	{"-j … flush: ip prints text", regexp.MustCompile(`^(.* )?-j.* f(l(u(sh?)?)?)?( |$)`)},
}

// find returns the reason of the first difference that concerns the line.
func find(list []difference, args string) (reason string, ok bool) {
	for _, d := range list {
		if d.args.MatchString(args) {
			return d.reason, true
		}
	}
	return "", false
}

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

// oldDifference is a difference between the reference and iproute2 7.1.
type oldDifference struct {
	since version // the first iproute2 that does as 7.1 does
	difference
}

// oldBytes is where an older reference sends other bytes than 7.1.
var oldBytes = []oldDifference{
	{version{6, 10}, difference{"NHA_OP_FLAGS is not sent", regexp.MustCompile(`^(.* )?-d .*r|nexthop (get|show|list) `)}},
}

// oldTwin is a difference in output between an older reference and 7.1. When
// update is nil, the output is not compared; otherwise it makes of the older
// output what 7.1 would have printed.
type oldTwin struct {
	since    version
	reason   string
	concerns func(args string, r nltest.Result) bool
	update   func(r *nltest.Result)
}

var oldOutput = []oldTwin{
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

// concerning returns the differences of the list that the reference's age
// brings about.
func (h harness) concerning(list []oldDifference) []difference {
	var concerned []difference
	for _, d := range list {
		if h.ipVersion.before(d.since) {
			concerned = append(concerned, d.difference)
		}
	}
	return concerned
}
