package out

import (
	"bytes"
	"flag"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"nhctl/internal/nl/attr"
	"nhctl/internal/nl/rt"
)

var update = flag.Bool("update-tables", false, "write the golden tables anew")

func tableStyle() *Style {
	devices := []string{"*", "eth0", "wlan0", "lo", "evil\x1b[2J"}
	return &Style{
		Names:  rt.NewNames("testdata/nosuch", "testdata/nosuch", false, io.Discard),
		IfName: func(i uint32) string { return devices[i] },
	}
}

func ipAddr(s string) attr.Opt[rt.Addr] {
	return attr.Some(rt.AddrFrom(netip.MustParseAddr(s).AsSlice()))
}

// aRoute is a unicast route of table main.
func aRoute(prefix string, more func(r *rt.Route)) *rt.Route {
	r := &rt.Route{RouteHeader: rt.RouteHeader{HeaderTable: unix.RT_TABLE_MAIN, Type: unix.RTN_UNICAST, Protocol: unix.RTPROT_BOOT}}
	p := netip.MustParsePrefix(prefix)
	r.Family = unix.AF_INET
	if p.Addr().Is6() {
		r.Family = unix.AF_INET6
		r.Priority = attr.Some(uint32(1024))
		r.Pref = attr.Some(uint8(0))
	}
	if r.DstLen = uint8(p.Bits()); r.DstLen > 0 {
		r.Dst = ipAddr(p.Addr().String())
	}
	more(r)
	return r
}

func someRoutes4() []*rt.Route {
	return []*rt.Route{
		aRoute("0.0.0.0/0", func(r *rt.Route) {
			r.Gateway, r.OIF, r.Protocol, r.PrefSrc = ipAddr("192.0.2.1"), attr.Some(uint32(1)), unix.RTPROT_DHCP, ipAddr("192.0.2.10")
			r.Priority = attr.Some(uint32(100))
		}),
		aRoute("10.0.0.0/8", func(r *rt.Route) {
			r.Multipath = true
			r.Hops = []rt.Hop{
				{Dev: 1, Gateway: ipAddr("192.0.2.1")},
				{Dev: 2, Weight: 19, HopFlags: rt.NHFlagLinkdown, Gateway: ipAddr("198.51.100.1"), Flow: attr.Some(uint32(5<<16 | 7))},
			}
		}),
		aRoute("10.9.0.0/16", func(r *rt.Route) {
			r.Gateway, r.OIF = ipAddr("192.0.2.3"), attr.Some(uint32(1))
			var m rt.Metrics
			m.Set(rt.MetricMTU, 1400)
			m.Set(rt.MetricLock, 1<<rt.MetricMTU)
			m.Set(rt.MetricAdvMSS, 1360)
			m.Set(rt.MetricInitCwnd, 20)
			m.Set(rt.MetricRTOMin, 200)
			m.Set(rt.MetricFeatures, rt.FeatureECN)
			r.Metrics = attr.Some(m)
		}),
		aRoute("10.10.0.0/16", func(r *rt.Route) {
			r.Via = attr.Some(rt.Via{Family: unix.AF_INET6, Addr: ipAddr("fe80::1").V})
			r.OIF, r.Flags = attr.Some(uint32(4)), rt.NHFlagOnlink
		}),
		aRoute("10.11.0.0/16", func(r *rt.Route) {
			r.NHID, r.TOS, r.HeaderTable = attr.Some(uint32(10)), 0x10, 100
			r.EncType = attr.Some(uint16(unix.LWTUNNEL_ENCAP_MPLS))
			r.Encap = attr.Some([]byte{8, 0, 1, 0, 0, 0x06, 0x41, 0x40}) // MPLS_IPTUNNEL_DST: label 100
		}),
		aRoute("10.66.0.0/16", func(r *rt.Route) { r.Type = unix.RTN_BLACKHOLE }),
		aRoute("192.0.2.0/24", func(r *rt.Route) {
			r.OIF, r.Protocol, r.Scope, r.PrefSrc = attr.Some(uint32(1)), unix.RTPROT_KERNEL, unix.RT_SCOPE_LINK, ipAddr("192.0.2.10")
		}),
	}
}

func someRoutes6() []*rt.Route {
	return []*rt.Route{
		aRoute("2001:db8:1111:2222:3333:4444:5555:6666/128", func(r *rt.Route) {
			r.Gateway, r.OIF, r.Protocol = ipAddr("2001:db8:1234:5678:aaaa:bbbb:cccc:dddd"), attr.Some(uint32(1)), unix.RTPROT_STATIC
			r.PrefSrc = ipAddr("2001:db8:1234:5678:1111:2222:3333:4444")
		}),
		aRoute("2001:db8:f::/64", func(r *rt.Route) {
			r.Multipath = true
			r.Hops = []rt.Hop{{Dev: 1, Gateway: ipAddr("2001:db8::3")}, {Dev: 2, Weight: 2, Gateway: ipAddr("2001:db8:2::2")}}
		}),
		aRoute("2001:db8:dead::/48", func(r *rt.Route) { r.Type, r.OIF = unix.RTN_UNREACHABLE, attr.Some(uint32(3)) }),
		aRoute("::/0", func(r *rt.Route) {
			r.Gateway, r.OIF, r.Protocol = ipAddr("fe80::5054:ff:fe12:3456"), attr.Some(uint32(1)), unix.RTPROT_RA
			r.Pref = attr.Some(uint8(1))
			r.CacheInfo = attr.Some(rt.CacheInfo{Expires: 180000})
		}),
	}
}

func someNexthops() []*rt.Nexthop {
	return []*rt.Nexthop{
		{ID: attr.Some(uint32(1)), Family: unix.AF_INET, Scope: unix.RT_SCOPE_LINK, Gateway: ipAddr("192.0.2.1"), OIF: attr.Some(uint32(1))},
		{ID: attr.Some(uint32(2)), Family: unix.AF_INET6, Protocol: unix.RTPROT_BGP, Gateway: ipAddr("2001:db8:1234:5678::1"), OIF: attr.Some(uint32(2)), Flags: rt.NHFlagDead | rt.NHFlagLinkdown},
		{ID: attr.Some(uint32(3)), Blackhole: attr.Some(struct{}{})},
		{ID: attr.Some(uint32(4)), OIF: attr.Some(uint32(2)), Scope: unix.RT_SCOPE_HOST},
		{ID: attr.Some(uint32(10)), Group: attr.Some([]rt.GroupMember{rt.NewMember(1, 10), rt.NewMember(2, 1)})},
		{
			ID: attr.Some(uint32(11)), GroupType: attr.Some(uint16(rt.GroupResilient)),
			Group:    attr.Some([]rt.GroupMember{rt.NewMember(1, 1), rt.NewMember(2, 1)}),
			ResGroup: attr.Some(rt.ResGroup{Buckets: attr.Some(uint16(32)), IdleTimer: attr.Some(uint32(12050))}),
		},
		{ID: attr.Some(uint32(4294967295)), FDB: attr.Some(struct{}{}), Family: unix.AF_INET, Scope: unix.RT_SCOPE_LINK, Gateway: ipAddr("192.0.2.3")},
		{ID: attr.Some(uint32(13)), FDB: attr.Some(struct{}{}), Group: attr.Some([]rt.GroupMember{rt.NewMember(12, 1)})},
	}
}

// lister is what Printer and Table have in common.
type lister interface {
	Begin()
	PrintRoute(r *rt.Route, f *rt.RouteFilter, deleted bool) error
	PrintNexthop(n *rt.Nexthop, deleted bool) error
	PrintBucket(n *rt.Nexthop, deleted bool) error
	End() error
}

func routesTo(rs []*rt.Route) func(lister) error {
	return func(l lister) error {
		f := rt.AllRoutes()
		for _, r := range rs {
			if err := l.PrintRoute(r, &f, false); err != nil {
				return err
			}
		}
		return nil
	}
}

func nexthopsTo(l lister) error {
	for _, n := range someNexthops() {
		if err := l.PrintNexthop(n, false); err != nil {
			return err
		}
	}
	return nil
}

func bucketsTo(l lister) error {
	for i := range uint16(3) {
		b := rt.ResBucket{Index: attr.Some(i), NHID: attr.Some(uint32(1)), IdleTime: attr.Some(uint64(i) * 1000)}
		if err := l.PrintBucket(&rt.Nexthop{ID: attr.Some(uint32(11)), Bucket: attr.Some(b)}, false); err != nil {
			return err
		}
	}
	return nil
}

var tableCases = []struct {
	name  string
	width int
	print func(lister) error
	style func(*Style)
}{
	{"routes4-80", 80, routesTo(someRoutes4()), nil},
	{"routes4-200", 200, routesTo(someRoutes4()), nil},
	{"routes4-details-200", 200, routesTo(someRoutes4()), func(s *Style) { s.Details = 1 }},
	{"routes4-color-80", 80, routesTo(someRoutes4()), func(s *Style) { s.Color = Dark }},
	{"routes6-80", 80, routesTo(someRoutes6()), nil},
	{"routes6-200", 200, routesTo(someRoutes6()), nil},
	{"routes6-40", 40, routesTo(someRoutes6()), nil},
	{"nexthops-80", 80, nexthopsTo, nil},
	{"nexthops-200", 200, nexthopsTo, nil},
	{"nexthops-details-80", 80, nexthopsTo, func(s *Style) { s.Details = 1 }},
	{"buckets-80", 80, bucketsTo, nil},
}

func printTable(t *testing.T, width int, style func(*Style), print func(lister) error) string {
	t.Helper()
	var b bytes.Buffer
	s := tableStyle()
	if style != nil {
		style(s)
	}
	l := NewTable(&b, s, width)
	l.Begin()
	if err := print(l); err != nil {
		t.Fatal(err)
	}
	if err := l.End(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestTable(t *testing.T) {
	for _, tt := range tableCases {
		t.Run(tt.name, func(t *testing.T) {
			got := printTable(t, tt.width, tt.style, tt.print)
			file := filepath.Join("testdata", "table", tt.name)
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("want\n%s\ngot\n%s", want, got)
			}
		})
	}
}

// headed are ip's words that a column's head stands for, or a row's place.
var headed = []string{
	"via", "dev", "nhid", "table", "proto", "scope", "src", "metric", "id", "group", "type", "nexthop",
	"pref", "medium", "index", "idle_time",
}

// TestTableSaysAll holds a table of any width to every value that ip's lines
// say.
func TestTableSaysAll(t *testing.T) {
	for _, tt := range tableCases {
		var text bytes.Buffer
		s := tableStyle()
		if tt.style != nil {
			tt.style(s)
		}
		s.Color = NoColor
		p := NewPrinter(&text, s)
		if err := tt.print(p); err != nil {
			t.Fatal(err)
		}
		if err := p.End(); err != nil {
			t.Fatal(err)
		}
		for _, width := range []int{0, 20, tt.width} {
			table := printTable(t, width, func(s *Style) {
				if tt.style != nil {
					tt.style(s)
				}
				s.Color = NoColor
			}, tt.print)
			has := strings.FieldsFunc(table, func(r rune) bool { return strings.ContainsRune(" \n×,/", r) })
			for _, w := range strings.FieldsFunc(text.String(), func(r rune) bool { return strings.ContainsRune(" \n\t,/", r) }) {
				if !slices.Contains(headed, w) && !slices.Contains(has, w) && !slices.Contains(has, w+"s") {
					t.Errorf("%s at width %d: want %q somewhere, got\n%s", tt.name, width, w, table)
				}
			}
		}
	}
}

// TestTableWidth: at 80 columns nothing is wider, though names are long.
func TestTableWidth(t *testing.T) {
	for _, tt := range tableCases {
		if tt.width != 80 || strings.Contains(tt.name, "color") {
			continue
		}
		for line := range strings.Lines(printTable(t, 80, tt.style, tt.print)) {
			if line = strings.TrimSuffix(line, "\n"); width(line) > 80 {
				t.Errorf("%s: want at most 80 columns, got %d: %s", tt.name, width(line), line)
			}
			if strings.HasSuffix(line, " ") {
				t.Errorf("%s: blanks at the end of %q", tt.name, line)
			}
		}
	}
}

// TestTableSafe: a device's name does not reach the terminal as it is.
func TestTableSafe(t *testing.T) {
	for _, width := range []int{0, 20, 80} {
		if got := printTable(t, width, nil, routesTo(someRoutes4())); strings.Contains(got, "\x1b") {
			t.Errorf("width %d: want no escape in %q", width, got)
		}
	}
}

// TestLongTable: behind the rows that the widths were found from, the same
// columns go on, and what has no column is told all the same.
func TestLongTable(t *testing.T) {
	got := printTable(t, 80, nil, func(l lister) error {
		f := rt.AllRoutes()
		for range tableRows {
			r := aRoute("10.0.0.0/8", func(r *rt.Route) { r.OIF = attr.Some(uint32(1)) })
			if err := l.PrintRoute(r, &f, false); err != nil {
				return err
			}
		}
		for _, r := range []*rt.Route{
			aRoute("10.0.0.0/8", func(r *rt.Route) { r.OIF = attr.Some(uint32(1)) }),
			aRoute("10.200.0.0/16", func(r *rt.Route) {
				r.OIF, r.Gateway, r.Priority = attr.Some(uint32(2)), ipAddr("192.0.2.1"), attr.Some(uint32(7))
			}),
		} {
			if err := l.PrintRoute(r, &f, false); err != nil {
				return err
			}
		}
		return nil
	})
	lines := strings.Split(strings.TrimSuffix(got, "\n"), "\n")
	if len(lines) != 1+tableRows+2 {
		t.Fatalf("want a header and %d rows, got %d lines", tableRows+2, len(lines))
	}
	want := []string{lines[1], lines[1], "10.200.0.0/16  wlan0  via 192.0.2.1 metric 7"}
	if last := lines[tableRows:]; !slices.Equal(last, want) {
		t.Errorf("want the last lines\n%s\ngot\n%s", strings.Join(want, "\n"), strings.Join(last, "\n"))
	}
}

func TestLines(t *testing.T) {
	var b bytes.Buffer
	s := tableStyle()
	s.Pretty = true
	l := NewLines(&b, s)
	l.Begin()
	if err := bucketsTo(l); err != nil {
		t.Fatal(err)
	}
	if err := l.End(); err != nil {
		t.Fatal(err)
	}
	want := `{"id":11,"bucket":{"index":0,"idle_time":0,"nhid":1},"flags":[]}
{"id":11,"bucket":{"index":1,"idle_time":10,"nhid":1},"flags":[]}
{"id":11,"bucket":{"index":2,"idle_time":20,"nhid":1},"flags":[]}
`
	if b.String() != want {
		t.Errorf("want\n%s\ngot\n%s", want, b.String())
	}
}
