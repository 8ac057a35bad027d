package cli

import (
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"nhctl/internal/cli/grammar"
	"nhctl/internal/nl"
	"nhctl/internal/nl/rt"
)

// The offset of an extended acknowledgement leads back to the word that the
// user typed, however it was spelled, inside of hop lists and metrics too.
func TestPointedWord(t *testing.T) {
	env := &grammar.Env{
		Names:  rt.NewNames("", "", false, nil),
		Device: func(string) uint32 { return 7 },
		VRF:    func(string) (uint32, bool) { return 0, false },
	}
	for _, c := range []struct {
		args, attr string
		nth        int // which of several attributes of that name
		want       string
	}{
		{"198.51.100.0/24 via 192.0.2.1 dev eth0 pri 5", "RTA_GATEWAY", 0, "via 192.0.2.1"},
		{"198.51.100.0/24 via 192.0.2.1 dev eth0 pri 5", "RTA_PRIORITY", 0, "pri 5"},
		{"198.51.100.0/24 metric 4 via 192.0.2.1 pri 5", "RTA_PRIORITY", 0, "metric 4"},
		{"198.51.100.0/24 metric 4 via 192.0.2.1 pri 5", "RTA_PRIORITY", 1, "pri 5"},
		{"198.51.100.0/24 oif eth0", "RTA_OIF", 0, "oif eth0"},
		{"198.51.100.0/24 dev eth0 initc 9 mtu 1400", "RTAX_INITCWND", 0, "initc 9"},
		{"198.51.100.0/24 dev eth0 initc 9 mtu lock 1400", "RTAX_MTU", 0, "mtu lock"},
		{"198.51.100.0/24 nexthop via 192.0.2.1 nexthop via 192.0.2.2 dev eth0", "RTA_GATEWAY", 0, "via 192.0.2.1"},
		{"198.51.100.0/24 nexthop via 192.0.2.1 nexthop via 192.0.2.2 dev eth0", "RTA_GATEWAY", 1, "via 192.0.2.2"},
		{"2001:db8::/64 encap seg6local action End.T table 50 dev eth0 table 100", "SEG6_LOCAL_TABLE", 0, "encap seg6local"},
		{"2001:db8::/64 encap seg6local action End.T table 50 dev eth0 table 100", "RTA_ENCAP_TYPE", 0, "encap seg6local"},
		{"198.51.100.0/24 dev eth0", "RTA_DST", 0, "198.51.100.0/24"},
		{"dev eth0 to unicast 198.51.100.0/24", "RTA_DST", 0, "to unicast 198.51.100.0/24"},
	} {
		args := strings.Fields(c.args)
		req, gerr := grammar.RouteModify(env, unix.RTM_NEWROUTE, nl.Create, args)
		if gerr != nil {
			t.Errorf("%s: %v", c.args, gerr)
			continue
		}
		off, n := 0, 0
		for _, f := range rt.Fields(&req.Msg) {
			if f.Name == c.attr {
				if n == c.nth {
					off = f.Offset
				}
				n++
			}
		}
		if off == 0 {
			t.Errorf("%s: no %s in the message", c.args, c.attr)
			continue
		}
		if got, _ := pointedWord(&nl.Error{Offset: off}, req, args); got != c.want {
			t.Errorf("%s at %s: want %s, got %s", c.args, c.attr, c.want, got)
		}
	}
	if got, _ := pointedWord(&nl.Error{}, &grammar.Request{}, nil); got != "" {
		t.Errorf("no offset points at nothing, got %s", got)
	}
}

func TestStrerror(t *testing.T) {
	for e, want := range map[syscall.Errno]string{
		unix.EEXIST: "File exists", unix.ESRCH: "No such process", unix.ENETUNREACH: "Network is unreachable",
		unix.EPERM: "Operation not permitted", unix.EINVAL: "Invalid argument", unix.ENODEV: "No such device",
		unix.EOPNOTSUPP: "Operation not supported", unix.EHOSTUNREACH: "No route to host", unix.ENOENT: "No such file or directory",
	} {
		if got := strerror(e); got != want {
			t.Errorf("%d: want %q, got %q", e, want, got)
		}
	}
	if got := errnoName(unix.EOPNOTSUPP); got != "EOPNOTSUPP" {
		t.Errorf("want the kernel's name EOPNOTSUPP, got %s", got)
	}
}
