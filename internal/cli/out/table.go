package out

import (
	"bytes"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/pkg/twwidth"
	"github.com/olekukonko/tablewriter/tw"
	"golang.org/x/sys/unix"

	"nhctl/internal/nl/attr"
	"nhctl/internal/nl/rt"
)

// Table prints a listing as an aligned table with a header. Whatever ip's
// line says of an object is in its row: what has no column of its own stands
// in INFO in ip's words, or under the row where the terminal is too narrow.
// No value is ever cut.
//
// It holds up to tableRows objects back to find the widths. Those of a longer
// listing follow as they come, in the same columns: memory stays bounded, and
// tablewriter, which takes some 20 µs a row, is left out.
type Table struct {
	style *Style
	w     io.Writer
	width int // of the terminal; 0 knows no bound
	p     *Printer
	cols  []column
	rows  []row
	count int     // objects in rows
	tail  *layout // of the objects behind the first tableRows
	out   []byte
	err   error
}

const tableRows = 5000

// NewTable makes a table for a terminal of so many columns, 0 for no bound.
func NewTable(w io.Writer, s *Style, width int) *Table {
	// What cells are made of: one object's words, without colour.
	words := *s
	words.JSON, words.Color, words.Oneline = false, NoColor, false
	return &Table{style: s, w: w, width: width, p: &Printer{Style: &words, w: io.Discard}}
}

// A column of a table.
type column struct {
	head  string
	word  string // ip's, for a cell that went under its row
	plain string // a value that is not worth a column: main, global
	blank bool   // the plain value is not shown beside others either
	right bool
	keep  bool // also when empty
	// yield says which columns leave the row first when it is too wide for
	// the terminal: the smallest; 0 stays.
	yield int
}

type cell struct {
	s string
	c color
}

type row struct {
	cells []cell
	info  string // in ip's words
	hop   bool   // belongs to the row above
}

// Columns of a table of routes.
const (
	routeType = iota
	routeTo
	routeVia
	routeDev
	routeNHID
	routeTable
	routeProto
	routeScope
	routeSrc
	routeMetric
	routeCols
)

// Columns of a table of nexthop objects.
const (
	nexthopID = iota
	nexthopKind
	nexthopVia
	nexthopDev
	nexthopMembers
	nexthopScope
	nexthopProto
	nexthopCols
)

// Columns of a table of buckets.
const (
	bucketID = iota
	bucketIndex
	bucketNHID
	bucketIdle
	bucketCols
)

func (t *Table) routeColumns() []column {
	n := t.p.Names
	return []column{
		routeType:   {head: "TYPE", word: "type", plain: t.p.typeName(unix.RTN_UNICAST), yield: 5},
		routeTo:     {head: "DESTINATION", keep: true},
		routeVia:    {head: "VIA", word: "via", yield: 9},
		routeDev:    {head: "DEV", word: "dev", yield: 10},
		routeNHID:   {head: "NHID", word: "nhid", right: true, yield: 4},
		routeTable:  {head: "TABLE", word: "table", plain: n.Table(unix.RT_TABLE_MAIN), yield: 6},
		routeProto:  {head: "PROTO", word: "proto", plain: n.Proto(unix.RTPROT_BOOT), yield: 7},
		routeScope:  {head: "SCOPE", word: "scope", plain: n.Scope(unix.RT_SCOPE_UNIVERSE), blank: true, yield: 3},
		routeSrc:    {head: "SRC", word: "src", yield: 1},
		routeMetric: {head: "METRIC", word: "metric", right: true, yield: 8},
	}
}

func (t *Table) nexthopColumns() []column {
	n := t.p.Names
	return []column{
		nexthopID:      {head: "ID", right: true, keep: true},
		nexthopKind:    {head: "KIND", keep: true},
		nexthopVia:     {head: "VIA", word: "via", yield: 4},
		nexthopDev:     {head: "DEV", word: "dev", yield: 5},
		nexthopMembers: {head: "MEMBERS", word: "members", yield: 1},
		nexthopScope:   {head: "SCOPE", word: "scope", plain: n.Scope(unix.RT_SCOPE_UNIVERSE), blank: true, yield: 2},
		nexthopProto:   {head: "PROTO", word: "proto", plain: n.Proto(unix.RTPROT_UNSPEC), blank: true, yield: 3},
	}
}

func bucketColumns() []column {
	return []column{
		bucketID:    {head: "ID", right: true, keep: true},
		bucketIndex: {head: "INDEX", right: true},
		bucketNHID:  {head: "NHID", right: true},
		bucketIdle:  {head: "IDLE", right: true},
	}
}

// Begin starts a listing.
func (t *Table) Begin() {}

// End writes what is held back.
func (t *Table) End() error {
	if t.tail != nil {
		return t.flush()
	}
	return t.render()
}

func (t *Table) flush() error {
	if t.err == nil {
		_, t.err = t.w.Write(t.out)
	}
	t.out = t.out[:0]
	return t.err
}

// text is what f prints, as one cell.
func (t *Table) text(f func(p *Printer)) string {
	t.p.b = t.p.b[:0]
	f(t.p)
	return strings.TrimSpace(string(t.p.b))
}

// line is what f prints, in one line.
func (t *Table) line(f func(p *Printer)) string {
	return strings.Join(strings.Fields(t.text(f)), " ")
}

func (t *Table) ifName(index uint32) cell {
	return cell{t.text(func(p *Printer) { p.b = AppendSafe(p.b, p.IfName(index)) }), colorIfName}
}

// gateway is the address of a hop; that of another family says which.
func (t *Table) gateway(family uint8, gw *attr.Opt[rt.Addr], via *attr.Opt[rt.Via]) cell {
	switch {
	case gw.OK:
		s := t.text(func(p *Printer) { p.host("", "", plain, family, gw.V.Bytes(), "") })
		return cell{s, familyColor(family)}
	case via.OK:
		f := via.V.Family
		s := t.text(func(p *Printer) { p.host("", rt.FamilyWord(f)+" ", plain, f, via.V.Addr.Bytes(), "") })
		return cell{s, familyColor(f)}
	}
	return cell{}
}

// width is how many columns of a terminal a text takes, which tablewriter
// must agree with.
func width(s string) int {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] >= 0x7f {
			return twwidth.Width(s)
		}
	}
	return len(s)
}

func number(n uint64) cell { return cell{s: strconv.FormatUint(n, 10)} }

// add takes the rows of one object.
func (t *Table) add(cols func() []column, rows ...row) error {
	if t.cols == nil {
		t.cols = cols()
	}
	if t.tail != nil {
		for i := range rows {
			t.follow(&rows[i])
		}
		if len(t.out) >= flushAt {
			return t.flush()
		}
		return t.err
	}
	t.rows = append(t.rows, rows...)
	if t.count++; t.count >= tableRows {
		return t.render()
	}
	return t.err
}

// PrintRoute adds a route. What the filter fixes is left out, as in ip's
// lines.
func (t *Table) PrintRoute(r *rt.Route, f *rt.RouteFilter, deleted bool) error {
	host := rt.BitLen(r.Family)
	to := row{cells: make([]cell, routeCols)}
	c := to.cells
	c[routeTo] = cell{t.text(func(p *Printer) { p.routeDst(r, host) }), familyColor(r.Family)}
	gw := r.Gateway
	if f.Via.Bits == host {
		gw.OK = false
	}
	c[routeVia] = t.gateway(r.Family, &gw, &r.Via)
	if f.TypeMask == 0 || f.TypeMask&(1<<(r.Type&63)) != 0 {
		// A route that is not unicast hardly ever has a gateway: its type says
		// where packets go.
		typ := cell{s: t.text(func(p *Printer) { p.str("", "", p.typeName(r.Type), "") })}
		switch {
		case t.p.Details > 0 || r.Type != unix.RTN_UNICAST && c[routeVia].s != "":
			c[routeType] = typ
		case r.Type != unix.RTN_UNICAST:
			c[routeVia] = typ
		}
	}
	if r.OIF.OK && !f.OIF.OK {
		c[routeDev] = t.ifName(r.OIF.V)
	}
	if r.NHID.OK {
		c[routeNHID] = number(uint64(r.NHID.V))
	}
	if f.Table == 0 && r.Table() != 0 {
		c[routeTable].s = t.text(func(p *Printer) { p.str("", "", p.Names.Table(r.Table()), "") })
	}
	if r.Flags&rt.FlagCloned == 0 {
		if !f.Protocol.OK {
			c[routeProto].s = t.text(func(p *Printer) { p.str("", "", p.Names.Proto(r.Protocol), "") })
		}
		if !f.Scope.OK {
			c[routeScope].s = t.text(func(p *Printer) { p.str("", "", p.Names.Scope(r.Scope), "") })
		}
	}
	if r.PrefSrc.OK && f.PrefSrc.Bits != host {
		s := t.text(func(p *Printer) { p.addr("", "", plain, r.Family, r.PrefSrc.V.Bytes(), "") })
		c[routeSrc] = cell{s, familyColor(r.Family)}
	}
	if r.Priority.OK && !f.Metric.OK {
		c[routeMetric] = number(uint64(r.Priority.V))
	}
	to.info = t.routeInfo(r, f, deleted)
	rows := append(make([]row, 0, 1+len(r.Hops)), to)
	if r.Multipath {
		for i := range r.Hops {
			rows = append(rows, t.hop(r, &r.Hops[i]))
		}
	}
	return t.add(t.routeColumns, rows...)
}

// routeInfo is what ip's line says of a route beyond the columns: the line of
// a copy without them.
func (t *Table) routeInfo(r *rt.Route, f *rt.RouteFilter, deleted bool) string {
	rest, known := *r, *f
	rest.Dst, rest.DstLen = attr.Opt[rt.Addr]{}, 0
	rest.Gateway.OK, rest.Via.OK, rest.NHID.OK, rest.PrefSrc.OK = false, false, false, false
	rest.Multipath = false
	if rest.Pref.V == 0 && t.p.Details == 0 {
		rest.Pref.OK = false // medium
	}
	known.TypeMask = ^uint64(0) &^ (1 << (r.Type & 63))
	known.Table = unix.RT_TABLE_MAIN
	known.OIF, known.Metric = attr.Some(uint32(0)), attr.Some(uint32(0))
	known.Protocol, known.Scope = attr.Some(uint8(0)), attr.Some(uint8(0))
	s := t.line(func(p *Printer) { _ = p.PrintRoute(&rest, &known, deleted) })
	s = strings.Replace(s, "default", "", 1)
	if r.NHID.OK && t.p.Details > 0 && t.p.Nexthop != nil {
		if n, ok := t.p.Nexthop(r.NHID.V); ok {
			s += " nh_info " + t.line(func(p *Printer) { p.nexthop("", n, false) })
		}
	}
	return strings.Join(strings.Fields(s), " ")
}

// hop is the row of one hop of a list.
func (t *Table) hop(r *rt.Route, h *rt.Hop) row {
	c := make([]cell, routeCols)
	switch {
	case r.Flags&rt.FlagCloned != 0 && r.Type == unix.RTN_MULTICAST:
		c[routeTo].s = "  oif ttl>" + itoa(int(h.Weight))
	case r.Family == unix.AF_MPLS:
		c[routeTo].s = "  nexthop"
	default:
		c[routeTo].s = "  weight " + itoa(int(h.Weight)+1)
	}
	c[routeVia] = t.gateway(r.Family, &h.Gateway, &h.Via)
	c[routeDev] = t.ifName(h.Dev)
	info := t.line(func(p *Printer) {
		if h.Encap.OK && h.EncType.OK {
			p.encap(h.EncType.V, h.Encap.V)
		}
		p.newDst(r.Family, h)
		if h.Flow.OK {
			p.flow(h.Flow.V)
		}
		p.flags(uint32(h.HopFlags))
	})
	return row{cells: c, info: info, hop: true}
}

// PrintNexthop adds a nexthop object.
func (t *Table) PrintNexthop(n *rt.Nexthop, deleted bool) error {
	c := make([]cell, nexthopCols)
	c[nexthopID] = number(uint64(n.ID.V))
	switch {
	case n.Group.OK && n.GroupType.V == rt.GroupResilient:
		c[nexthopKind].s = "resilient"
	case n.Group.OK:
		c[nexthopKind].s = "group"
	case n.Blackhole.OK:
		c[nexthopKind].s = "blackhole"
	case n.Gateway.OK:
		c[nexthopKind].s = "gateway"
	case n.OIF.V != 0:
		c[nexthopKind].s = "device"
	}
	if n.FDB.OK {
		c[nexthopKind].s = strings.TrimSpace("fdb " + strings.TrimPrefix(c[nexthopKind].s, "gateway"))
	}
	c[nexthopVia] = t.gateway(n.Family, &n.Gateway, &attr.Opt[rt.Via]{})
	if n.OIF.V != 0 {
		c[nexthopDev] = t.ifName(n.OIF.V)
	}
	var members []byte
	for i, m := range n.Group.V {
		if i > 0 {
			members = append(members, ' ')
		}
		members = strconv.AppendUint(members, uint64(m.ID), 10)
		if w := n.MemberWeight(i); w > 1 {
			members = appendInt(append(members, "×"...), w)
		}
	}
	c[nexthopMembers].s = string(members)
	c[nexthopScope].s = t.text(func(p *Printer) { p.str("", "", p.Names.Scope(n.Scope), "") })
	c[nexthopProto].s = t.text(func(p *Printer) { p.str("", "", p.Names.Proto(n.Protocol), "") })
	return t.add(t.nexthopColumns, row{cells: c, info: t.nexthopInfo(n, deleted)})
}

// nexthopInfo is what ip's line says of an object beyond the columns.
func (t *Table) nexthopInfo(n *rt.Nexthop, deleted bool) string {
	rest := *n
	rest.ID.V = 0
	// Counters of the members need the members.
	rest.Group.OK, rest.Gateway.OK, rest.OIF.V, rest.Blackhole.OK, rest.FDB.OK = false, false, 0, false, false
	rest.Scope, rest.Protocol = unix.RT_SCOPE_UNIVERSE, unix.RTPROT_UNSPEC
	if rest.GroupType.V == rt.GroupResilient {
		rest.GroupType.V = rt.GroupMpath
	}
	// -details would repeat scope and protocol; beyond them it shows what
	// -statistics shows.
	style := *t.p.Style
	if style.Details > 0 {
		style.Details, style.Stats = 0, max(style.Stats, 1)
	}
	whole := t.p.Style
	t.p.Style = &style
	s := t.line(func(p *Printer) { p.nexthop("", &rest, deleted) })
	t.p.Style = whole
	s = strings.Replace(s, "id 0", "", 1)
	return strings.Join(strings.Fields(s), " ")
}

// PrintBucket adds a bucket of a resilient group.
func (t *Table) PrintBucket(n *rt.Nexthop, deleted bool) error {
	c := make([]cell, bucketCols)
	if n.ID.OK {
		c[bucketID] = number(uint64(n.ID.V))
	}
	b := &n.Bucket.V
	if b.Index.OK {
		c[bucketIndex] = number(uint64(b.Index.V))
	}
	if b.NHID.OK {
		c[bucketNHID] = number(uint64(b.NHID.V))
	}
	if b.IdleTime.OK {
		c[bucketIdle].s = t.text(func(p *Printer) { p.float("", "", seconds(b.IdleTime.V), "s") })
	}
	info := t.line(func(p *Printer) { p.flags(n.Flags) })
	if deleted {
		info = strings.TrimSpace("Deleted " + info)
	}
	return t.add(bucketColumns, row{cells: c, info: info})
}

// A layout says where the cells of a table go.
type layout struct {
	shown  []int // columns in the row, in order
	under  []int // columns that went among the words of INFO
	widths []int // of shown
	base   int   // columns of the terminal that shown take
	limit  int   // of the width of a cell; 0: none. See long.
	info   bool  // the words of some row fit behind it
}

const (
	gap = 2
	// narrow and tight are limits for the cells of a table that is too wide
	// for the terminal, and atNarrow and atTight the yield of setting them.
	narrow, tight     = 25, 20
	atNarrow, atTight = 2, 8
	maxYield          = 10
)

// lay chooses the layout of what is held back.
func (t *Table) lay() layout {
	var used []int
	for i := range t.cols {
		for j := range t.rows {
			if t.cols[i].keep || t.says(i, &t.rows[j]) {
				used = append(used, i)
				break
			}
		}
	}
	l := t.measure(used, nil, 0)
	limit := 0
	for yield := 1; yield <= maxYield && t.width > 0 && l.base > t.width; yield++ {
		switch yield {
		case atNarrow:
			limit = narrow
		case atTight:
			limit = tight
		}
		var shown, under []int
		for _, i := range used {
			if y := t.cols[i].yield; y > 0 && y <= yield {
				under = append(under, i)
			} else {
				shown = append(shown, i)
			}
		}
		l = t.measure(shown, under, limit)
	}
	for i := range t.rows {
		l.info = l.info || t.behind(&l, t.words(&l, &t.rows[i]))
	}
	return l
}

// says whether a row has something in column i that is worth telling.
func (t *Table) says(i int, r *row) bool {
	s := r.cells[i].s
	return s != "" && (s != t.cols[i].plain || t.p.Details > 0)
}

// shown is the cell of column i as its row shows it.
func (t *Table) shown(i int, r *row) cell {
	if t.cols[i].blank && !t.says(i, r) {
		return cell{}
	}
	return r.cells[i]
}

// measure finds the widths of columns.
func (t *Table) measure(shown, under []int, limit int) layout {
	l := layout{shown: shown, under: under, limit: limit, widths: make([]int, len(shown))}
	for at, i := range shown {
		w := len(t.cols[i].head)
		for j := range t.rows {
			if r := &t.rows[j]; !t.long(&l, i, r) {
				w = max(w, width(t.shown(i, r).s))
			}
		}
		l.widths[at] = w
		l.base += w + gap
	}
	l.base -= gap
	return l
}

// long says whether the cell of column i is beyond the limit. What names the
// object then stands on a line of its own above the row; another cell goes
// among the words of INFO.
func (t *Table) long(l *layout, i int, r *row) bool {
	return l.limit > 0 && (t.cols[i].keep || t.cols[i].yield > 0) && width(r.cells[i].s) > l.limit
}

// words are what INFO says, in ip's words: what has no place in the row.
func (t *Table) words(l *layout, r *row) string {
	var b []byte
	word := func(i int) {
		b = append(append(append(append(b, t.cols[i].word...), ' '), r.cells[i].s...), ' ')
	}
	for _, i := range l.shown {
		if !t.cols[i].keep && t.long(l, i, r) {
			word(i)
		}
	}
	for _, i := range l.under {
		if t.says(i, r) {
			word(i)
		}
	}
	return strings.TrimSpace(string(append(b, r.info...)))
}

// behind says whether a row's words fit behind it.
func (t *Table) behind(l *layout, words string) bool {
	return words != "" && (t.width == 0 || l.base+gap+max(width(words), len("INFO")) <= t.width)
}

// render writes what is held back and forgets it.
func (t *Table) render() error {
	if len(t.rows) == 0 || t.err != nil {
		return t.err
	}
	l := t.lay()
	lines, err := t.grid(&l)
	if err != nil {
		t.err = err
		return err
	}
	t.out = t.out[:0]
	t.paint(lines[0], "\x1b[1m")
	for i := range t.rows {
		r := &t.rows[i]
		t.above(&l, r)
		t.out = append(append(t.out, lines[i+1]...), '\n')
		if words := t.words(&l, r); !t.behind(&l, words) {
			t.wrap(words, r.hop)
		}
	}
	if t.count >= tableRows {
		// What comes is not known: a column that is not there may be needed.
		l.under = nil
		for i := range t.cols {
			if !slices.Contains(l.shown, i) {
				l.under = append(l.under, i)
			}
		}
		t.tail = &l
	}
	t.rows, t.count = nil, 0
	return t.flush()
}

// above writes the line of its own that a long name of an object has.
func (t *Table) above(l *layout, r *row) {
	for _, c := range l.shown {
		if t.cols[c].keep && t.long(l, c, r) {
			t.out = append(t.appendCell(t.out, r.cells[c]), '\n')
		}
	}
}

// follow writes a row in the columns of those before it. A cell that is wider
// than its column moves those behind it.
func (t *Table) follow(r *row) {
	l := t.tail
	t.above(l, r)
	at, blanks := 0, 0
	for n, i := range l.shown {
		x := t.shown(i, r)
		if t.long(l, i, r) {
			x = cell{}
		}
		w := width(x.s)
		pad := max(l.widths[n]-w, 0)
		if t.cols[i].right {
			blanks, pad = blanks+pad, 0
		}
		if x.s != "" {
			t.out, blanks = appendBlanks(t.out, blanks), 0
			t.out = t.appendCell(t.out, x)
		}
		at += max(l.widths[n], w) + gap
		blanks += pad + gap
	}
	words := t.words(l, r)
	if words != "" && (t.width == 0 || at+width(words) <= t.width) {
		t.out, words = append(appendBlanks(t.out, blanks), words...), ""
	}
	t.out = append(t.out, '\n')
	t.wrap(words, r.hop)
}

func appendBlanks(b []byte, n int) []byte {
	for range n {
		b = append(b, ' ')
	}
	return b
}

// wrap writes words under a row, in as many lines as they need.
func (t *Table) wrap(words string, hop bool) {
	if words == "" {
		return
	}
	indent := "    "
	if hop {
		indent = "      "
	}
	line, at := []byte(indent), len(indent)
	for i, w := range strings.Fields(words) {
		n := width(w)
		if i > 0 {
			if t.width > 0 && at+1+n > t.width {
				t.paint(string(line), "\x1b[2m")
				line, at = append(line[:0], indent...), len(indent)
			} else {
				line, at = append(line, ' '), at+1
			}
		}
		line, at = append(line, w...), at+n
	}
	t.paint(string(line), "\x1b[2m")
}

// paint writes a line, in a colour where there are colours.
func (t *Table) paint(line, code string) {
	if t.style.Color == NoColor {
		t.out = append(append(t.out, line...), '\n')
		return
	}
	t.out = append(append(append(append(t.out, code...), line...), "\x1b[0m"...), '\n')
}

func (t *Table) appendCell(b []byte, c cell) []byte {
	if t.style.Color == NoColor || c.c == plain || c.s == "" {
		return append(b, c.s...)
	}
	return append(append(append(b, codes[t.style.Color][c.c]...), c.s...), "\x1b[0m"...)
}

// grid lets tablewriter align the header and the rows, a line each.
func (t *Table) grid(l *layout) ([]string, error) {
	var b bytes.Buffer
	aligns := make([]tw.Align, len(l.shown), len(l.shown)+1)
	heads := make([]string, len(l.shown), len(l.shown)+1)
	for at, i := range l.shown {
		heads[at], aligns[at] = t.cols[i].head, tw.AlignLeft
		if t.cols[i].right {
			aligns[at] = tw.AlignRight
		}
	}
	if l.info {
		heads, aligns = append(heads, "INFO"), append(aligns, tw.AlignLeft)
	}
	section := tw.CellConfig{
		Formatting: tw.CellFormatting{AutoWrap: tw.WrapNone, AutoFormat: tw.Off},
		Padding:    tw.CellPadding{Global: tw.Padding{Right: strings.Repeat(" ", gap), Overwrite: true}},
		Alignment:  tw.CellAlignment{Global: tw.AlignLeft, PerColumn: aligns},
	}
	table := tablewriter.NewTable(&b,
		tablewriter.WithHeaderConfig(section), tablewriter.WithRowConfig(section),
		tablewriter.WithHeaderAutoFormat(tw.Off),
		tablewriter.WithTrimSpace(tw.Off), tablewriter.WithTrimLine(tw.Off), tablewriter.WithTrimTab(tw.Off),
		tablewriter.WithRendition(tw.Rendition{
			Borders: tw.BorderNone,
			Symbols: tw.NewSymbols(tw.StyleNone),
			Settings: tw.Settings{
				Lines:      tw.LinesNone,
				Separators: tw.SeparatorsNone,
			},
		}))
	table.Header(heads)
	for i := range t.rows {
		r := &t.rows[i]
		cells := make([]string, len(heads))
		for at, c := range l.shown {
			if !t.long(l, c, r) {
				cells[at] = string(t.appendCell(nil, t.shown(c, r)))
			}
		}
		if words := t.words(l, r); l.info && t.behind(l, words) {
			cells[len(cells)-1] = words
		}
		if err := table.Append(cells); err != nil {
			return nil, err
		}
	}
	if err := table.Render(); err != nil {
		return nil, err
	}
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	for len(lines) <= len(t.rows) {
		lines = append(lines, "") // rows of nothing
	}
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return lines, nil
}

// Lines prints a listing as JSON, one compact object a line.
type Lines struct{ p *Printer }

// NewLines makes a printer of JSON lines that writes to w.
func NewLines(w io.Writer, s *Style) *Lines {
	json := *s
	json.JSON, json.Pretty = true, false
	return &Lines{NewPrinter(w, &json)}
}

// Begin starts a listing.
func (l *Lines) Begin() {}

// End writes what is buffered.
func (l *Lines) End() error { return l.p.Flush() }

// line prints one object and ends its line.
func (l *Lines) line(print func() error) error {
	l.p.sep = 0
	err := print()
	l.p.b = append(l.p.b, '\n')
	return err
}

// PrintRoute prints a route.
func (l *Lines) PrintRoute(r *rt.Route, f *rt.RouteFilter, deleted bool) error {
	return l.line(func() error { return l.p.PrintRoute(r, f, deleted) })
}

// PrintNexthop prints a nexthop object.
func (l *Lines) PrintNexthop(n *rt.Nexthop, deleted bool) error {
	return l.line(func() error { return l.p.PrintNexthop(n, deleted) })
}

// PrintBucket prints a bucket.
func (l *Lines) PrintBucket(n *rt.Nexthop, deleted bool) error {
	return l.line(func() error { return l.p.PrintBucket(n, deleted) })
}
