//go:build linux

package main_test

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"nhctl/internal/nl/nltest"
)

// fact is something on which a result recorded elsewhere may depend and that
// this machine may lack. It concerns a case whose text it is mentioned in.
type fact struct {
	name     string
	mentions *regexp.Regexp
	holds    func() (bool, error)
}

// netdevsim is the fact without which a case about hardware flags shows nothing.
const netdevsim = "netdevsim devices"

// facts lists them; each is found out by trying, once, in a namespace with the
// fixture, with the reference ip.
var facts = []fact{
	{"vrf devices", regexp.MustCompile(`\bvrf`), func() (bool, error) { return linkWorks("vrf") }},
	{"mpls routing", regexp.MustCompile(`-M |-f mpls|mpls/platform_labels`), existsInNamespace("/proc/sys/net/mpls")},
	{netdevsim, regexp.MustCompile(`netdevsim`), existsInNamespace("/sys/bus/netdevsim/new_device")},
	{"encap mpls", regexp.MustCompile(`encap mpls`), encapWorks("mpls")},
	{"encap ip", regexp.MustCompile(`encap ip\b`), encapWorks("ip")},
	{"encap ip6", regexp.MustCompile(`encap ip6`), encapWorks("ip6")},
	{"encap seg6", regexp.MustCompile(`encap seg6\b`), encapWorks("seg6")},
	{"encap seg6local", regexp.MustCompile(`encap seg6local`), encapWorks("seg6local")},
	{"encap xfrm", regexp.MustCompile(`encap xfrm`), encapWorks("xfrm")},
	{"encap ila", regexp.MustCompile(`encap ila`), encapWorks("ila")},
	{"encap rpl", regexp.MustCompile(`encap rpl`), encapWorks("rpl")},
	{"seg6 hmac", regexp.MustCompile(`\bhmac\b`), tries("sr hmac show")},
	{"nexthop weights above 256", regexp.MustCompile(`group \S*,300`), tries(
		"nexthop add id 1 via 10.0.0.2 dev veth0", "nexthop add id 2 group 1,300")},
	{"nexthop hw_stats", regexp.MustCompile(`hw_stats`), tries(
		"nexthop add id 1 via 10.0.0.2 dev veth0", "nexthop add id 2 group 1 hw_stats on")},
	{"a kernel not older than the recording's 6.12", regexp.MustCompile(``), sync.OnceValues(func() (bool, error) {
		release, err := kernelRelease()
		return !release.before(version{6, 12}), err
	})},
}

// missingFacts names the facts that the text mentions and this machine lacks.
func missingFacts(text string) ([]string, error) {
	var missing []string
	for _, f := range facts {
		if !f.mentions.MatchString(text) {
			continue
		}
		holds, err := f.holds()
		if err != nil {
			return nil, fmt.Errorf("find out about %s: %w", f.name, err)
		}
		if !holds {
			missing = append(missing, f.name)
		}
	}
	return missing, nil
}

// encapProbes is one route for each encapsulation that a kernel may lack.
var encapProbes = map[string]string{
	"mpls":      "route add 10.1.0.0/16 encap mpls 100 via 10.0.0.2",
	"ip":        "route add 10.1.0.0/16 encap ip id 5 dst 10.0.0.9 dev veth0",
	"ip6":       "route add 10.1.0.0/16 encap ip6 id 5 dst 2001:db8::9 dev veth0",
	"seg6":      "route add 2001:db8:5::/64 encap seg6 mode encap segs 2001:db8::a dev veth0",
	"seg6local": "route add 2001:db8:5::1 encap seg6local action End dev veth0",
	"xfrm":      "route add 2001:db8:5::/64 dev veth0 encap xfrm if_id 5",
	"ila":       "route add 2001:db8:1:2:3:4:5:6/128 encap ila 2001:db8:1:2 csum-mode no-action ident-type luid via 2001:db8::2",
	"rpl":       "route add 2001:db8:5::/64 encap rpl segs 2001:db8::5 dev veth0",
	"ioam6":     "route add 2001:db8:5::/64 encap ioam6 trace prealloc type 0x800000 ns 1 size 12 dev veth0",
}

var encapResults = func() map[string]func() (bool, error) {
	results := map[string]func() (bool, error){}
	for name, line := range encapProbes {
		results[name] = tries(line)
	}
	return results
}()

func encapWorks(name string) func() (bool, error) { return encapResults[name] }

// linkWorks reports whether links of a kind can be made.
func linkWorks(kind string) (bool, error) {
	line := "link add nhprobe type " + kind
	if kind == "vrf" {
		line += " table 9"
	}
	probe, _ := linkProbes.LoadOrStore(kind, tries(line))
	return probe.(func() (bool, error))()
}

var linkProbes sync.Map // kind -> func() (bool, error)

// tries returns a function that says whether all lines succeed.
func tries(lines ...string) func() (bool, error) {
	return sync.OnceValues(func() (ok bool, err error) {
		err = suite.isolate(func() error {
			failed, err := suite.setup(lines)
			ok = len(failed) == 0
			return err
		})
		return ok, err
	})
}

// existsInNamespace returns a function that says whether a new network
// namespace has the file.
func existsInNamespace(path string) func() (bool, error) {
	return sync.OnceValues(func() (ok bool, err error) {
		err = nltest.InNamespace(func() error {
			_, err := os.Stat(path)
			ok = err == nil
			if errors.Is(err, os.ErrNotExist) {
				return nil
			}
			return err
		})
		return ok, err
	})
}

// version is the first two numbers of a program's or a kernel's version.
type version struct{ major, minor int }

func (v version) before(w version) bool {
	return v.major < w.major || v.major == w.major && v.minor < w.minor
}

func (v version) String() string { return fmt.Sprintf("%d.%d", v.major, v.minor) }

var versionNumbers = regexp.MustCompile(`(\d+)\.(\d+)`)

func parseVersion(s string) (v version, err error) {
	m := versionNumbers.FindString(s)
	if _, err := fmt.Sscanf(m, "%d.%d", &v.major, &v.minor); err != nil {
		return v, fmt.Errorf("no version number in %q", s)
	}
	return v, nil
}

// iproute2Version asks an ip for the version of its iproute2.
func iproute2Version(ip string) (version, error) {
	res, err := nltest.Run(nltest.Command{Argv: []string{ip, "-Version"}, Env: baseEnv()})
	if err != nil {
		return version{}, err
	}
	_, number, _ := strings.Cut(res.Stdout, "iproute2-")
	return parseVersion(number)
}

func kernelRelease() (version, error) {
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		return version{}, err
	}
	return parseVersion(unix.ByteSliceToString(name.Release[:]))
}
