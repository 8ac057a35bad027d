package cli

import (
	"errors"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"nhctl/internal/cli/grammar"
	"nhctl/internal/cli/out"
	"nhctl/internal/nl"
	"nhctl/internal/nl/rt"
)

// errnoName is the name of an errno: ENETUNREACH.
func errnoName(e syscall.Errno) string {
	if n := out.ErrnoName(e); n != "" {
		return n
	}
	return e.Error()
}

// hints are causes that are known by errno or by the kernel's own text. The
// first that fits is told.
var hints = []struct {
	errno syscall.Errno // 0: any
	text  string        // part of the kernel's text; "": any
	typ   uint16        // message type; 0: any
	hint  string
}{
	{errno: unix.EPERM, hint: "changing routes needs CAP_NET_ADMIN in this network namespace; try as root, or look first with --dry-run"},
	{errno: unix.ENODEV, typ: unix.RTM_NEWROUTE, hint: "say where to: via ADDRESS, dev DEVICE or nhid ID"},
	{errno: unix.ENETUNREACH, typ: unix.RTM_GETROUTE, hint: "no route leads there; `nhctl route show table all` shows those there are, `ip rule show` which tables are asked"},
	{errno: unix.EMSGSIZE, hint: "something has more hops or members than a dump of the kernel holds; `nexthop get id ID` and `route get PREFIX fibmatch` show one, `nexthop list dev DEVICE` what is no group"},
	{text: "Unknown tcp congestion algorithm", hint: "those that there are: /proc/sys/net/ipv4/tcp_available_congestion_control"},
	{text: "Nexthop id is missing", hint: "say which: id ID"},
	{errno: unix.EINVAL, text: "Invalid address family", typ: unix.RTM_NEWNEXTHOP, hint: "say what it is: via ADDRESS, dev DEVICE, blackhole or group MEMBERS"},
	{text: "Egress device not specified", hint: "say the device, too: dev DEVICE"},
	{text: "Device attribute required for non-blackhole and non-fdb nexthops", hint: "say the device: dev DEVICE; or make it blackhole or fdb"},
	{text: "Invalid prefsrc address", hint: "src must be an address of this host; `ip address show` lists them"},
	{text: "Invalid value for weight", hint: "weights are 1 to 256, and to 65535 since Linux 6.12"},
	{text: "mutually exclusive", hint: "a route says either nhid or its own gateway, device and encapsulation"},
	{text: "Number of buckets not specified", hint: "say how many: type resilient buckets NUMBER"},
	{text: "Can not replace a nexthop with a nexthop group", hint: "delete the object first, or take another id; the routes that use it go with it"},
	{text: "Can not replace a nexthop group with a nexthop", hint: "delete the group first, or take another id; the routes that use it go with it"},
	{errno: unix.ENETDOWN, typ: unix.RTM_NEWNEXTHOP, hint: "the device is down; for a blackhole that is lo: ip link set lo up"},
	{errno: unix.ENOENT, typ: unix.RTM_GETNEXTHOP, hint: "`nhctl nexthop show` lists the ids there are"},
	{errno: unix.ENOENT, typ: unix.RTM_DELNEXTHOP, hint: "`nhctl nexthop show` lists the ids there are"},
	{errno: unix.EHOSTUNREACH, typ: unix.RTM_NEWROUTE, hint: "the gateway is on no network of a device that is up; `onlink` says that it is reachable all the same"},
	{text: "Nexthop has invalid gateway", hint: "the gateway must be reachable by a route of scope link; is its device up, with an address of that network? `onlink` says that it is"},
	{text: "Invalid nexthop id", hint: "`nhctl nexthop show` lists the ids there are"},
	{text: "Nexthop id does not exist", hint: "`nhctl nexthop show` lists the ids there are"},
	{text: "FIB table does not exist", hint: "a table exists while there is a route or a rule for it; `nhctl route show table all` shows those that are there"},
	{text: "Device for nexthop is not up", hint: "set the device up first: ip link set DEVICE up"},
	{text: "Nexthop device is not up", hint: "set the device up first: ip link set DEVICE up"},
	{text: "Carrier for nexthop device is down", hint: "the device has no carrier; `ip link show` tells"},
	{text: "lwt encapsulation type not supported", hint: "this kernel lacks the encapsulation, or its module is not loaded"},
	{text: "Invalid prefix for given prefix length", hint: "bits behind the prefix length are set; shorten the address or lengthen the prefix"},
	{errno: unix.EEXIST, typ: unix.RTM_NEWROUTE, hint: "a route of this prefix, tos and metric is there; `replace` takes its place, `append` adds beside it"},
	{errno: unix.EEXIST, typ: unix.RTM_NEWNEXTHOP, hint: "an object of this id is there; `replace` changes it"},
	{errno: unix.ESRCH, typ: unix.RTM_DELROUTE, hint: "no route has all of what was said; `nhctl route show table all` shows those that are there"},
	{errno: unix.ENOENT, typ: unix.RTM_NEWROUTE, hint: "`change` wants a route that is there; `replace` also adds one"},
	{errno: unix.ENETDOWN, hint: "the device is down: ip link set DEVICE up"},
	{errno: unix.ENETUNREACH, typ: unix.RTM_NEWROUTE, hint: "the gateway is on no network of a device that is up; `onlink` says that it is reachable all the same"},
	{errno: unix.EOPNOTSUPP, hint: "this kernel does not do that; it may be too old, or built without it"},
}

func (a *app) hint(e *nl.Error, req *grammar.Request) string {
	var typ uint16
	if req != nil {
		typ = req.Msg.Type
		if typ == unix.RTM_NEWROUTE && req.Msg.Flags&(nl.Create|nl.Replace) == 0 && (e.Errno == unix.EEXIST || e.Errno == unix.ENOENT) {
			return "" // `test` was answered
		}
	}
	if typ == unix.RTM_NEWROUTE && e.Errno == unix.ENODEV {
		if _, said := last(req.Msg.Body[rt.RouteHeaderLen:], unix.RTA_OIF); said {
			return ""
		}
	}
	for _, h := range hints {
		if (h.errno == 0 || errors.Is(e.Errno, h.errno)) && strings.Contains(e.Text, h.text) && (h.typ == 0 || h.typ == typ) {
			return h.hint
		}
	}
	return ""
}

// closest is the word of want that is nearest to w, when it is near enough to
// be a slip of the finger. Of equally near ones it is the first in the
// alphabet that begins as w does: few slips are on the first letter.
func closest(w string, want []string) string {
	if w == "" {
		return ""
	}
	best, least, most := "", 0, 1+len(w)/4
	want = slices.Clone(want)
	slices.Sort(want)
	for _, c := range want {
		d := distance(w, c, most)
		if c == "" || c == w || d > most || d >= max(len(w), len(c)) {
			continue
		}
		rank := 2 * d
		if c[0] != w[0] {
			rank++
		}
		if best == "" || rank < least {
			best, least = c, rank
		}
	}
	if o := otherWords[w]; best == "" && slices.Contains(want, o) {
		return o
	}
	return best
}

// otherWords are what other programs call what is meant.
var otherWords = map[string]string{
	"gw": "via", "gateway": "via", "device": "dev", "interface": "dev", "if": "dev",
	"remove": "del", "rm": "del",
}

// meantOption is the option that one which there is not, with a single dash,
// may have been meant for.
func meantOption(w string) string {
	own := optionWords(false)
	if slices.Contains(own, "-"+w) {
		return "-" + w
	}
	if c := closest("-"+w, own); c != "" {
		return c
	}
	var names []string
	for i := range ipOptions {
		for _, n := range ipOptions[i].names {
			if len(n) > len("-4") { // every letter is near to those
				names = append(names, n)
			}
		}
	}
	return closest(w, names)
}

// usualVerbs are what people write for a verb in place of its name.
var usualVerbs = map[string]string{"delete": "del", "list": "ls"}

// verbNames are the words that a slip at a verb may have been meant for.
func verbNames(vs []verb) (names []string) {
	for i := range vs {
		v := &vs[i]
		names = append(append(append(names, v.name), v.also...), v.exact...)
		if short := usualVerbs[v.name]; short != "" {
			names = append(names, short)
		}
	}
	return names
}

// distance is the number of letters to change, add, drop or swap with the
// next to turn a into b, or more than limit.
func distance(a, b string, limit int) int {
	if len(a)-len(b) > limit || len(b)-len(a) > limit {
		return limit + 1
	}
	var rows [3][]int
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
	}
	for j := range rows[1] {
		rows[1][j] = j
	}
	for i := 1; i <= len(a); i++ {
		rows[0], rows[1], rows[2] = rows[1], rows[2], rows[0]
		prev2, prev, cur := rows[2], rows[0], rows[1]
		cur[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], prev2[j-2]+1)
			}
		}
	}
	return rows[1][len(b)]
}
