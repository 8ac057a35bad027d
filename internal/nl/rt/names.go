package rt

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"math/bits"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
)

// Names resolves the numbers of routing messages to the names an
// administrator gave them, and back. The databases are those of iproute2
// (see rt_tables(5) where shipped, and ip-route(8)): rt_tables, rt_protos,
// rt_scopes, rt_realms and rt_dsfield.
//
// A database is a set of compiled-in names over which files are laid:
//
//   - etc/F or, only when that does not exist, usr/F;
//   - for rt_tables and rt_protos then usr/F.d/*.conf, leaving out the names
//     that etc/F.d also has, then etc/F.d/*.conf, both in directory order.
//
// Files are read on first need and once. For protocols, scopes, realms and
// DS fields "need" does not include printing a number that has a
// compiled-in name, so a file that renames such a number is honoured only
// after something else caused it to be read. That is how ip behaves, and it
// keeps a plain dump from opening files at all. rt_tables is read always.
//
// Names are handed out as stored. A file may put any byte but white space
// and NUL in a name, control characters included: whoever writes a name to
// a terminal has to sanitise it.
//
// The zero value is unusable, see [NewNames]. A Names is safe for
// concurrent use.
type Names struct {
	etc, usr string
	numeric  bool

	warnMu sync.Mutex
	warn   io.Writer

	tables  tableDB
	protos  tabDB
	scopes  tabDB
	realms  tabDB
	dsfield tabDB
}

// NewNames returns a resolver reading the directories etc and usr, as a rule
// "/etc/iproute2" and "/usr/share/iproute2"; an empty string stands for a
// directory that does not exist. With numeric set, numbers are printed as
// numbers (ip -N) while names are still understood. Complaints about
// malformed files go to warn, which may be nil.
func NewNames(etc, usr string, numeric bool, warn io.Writer) *Names {
	if warn == nil {
		warn = io.Discard
	}
	n := &Names{etc: etc, usr: usr, numeric: numeric, warn: warn}
	n.protos.init("rt_protos", true, builtinProtos)
	n.scopes.init("rt_scopes", false, builtinScopes)
	n.realms.init("rt_realms", false, builtinRealms)
	n.dsfield.init("rt_dsfield", false, builtinDSFields)
	return n
}

type idName struct {
	id   uint8
	name string
}

// The numbers are RT_TABLE_*, RTPROT_* and RT_SCOPE_* of the kernel's
// include/uapi/linux/rtnetlink.h; the names are those ip knows without files.
var (
	builtinTables = []idName{{253, "default"}, {254, "main"}, {255, "local"}}

	builtinProtos = []idName{
		{0, "unspec"},
		{1, "redirect"},
		{2, "kernel"},
		{3, "boot"},
		{4, "static"},
		{8, "gated"},
		{9, "ra"},
		{10, "mrt"},
		{11, "zebra"},
		{12, "bird"},
		{13, "dnrouted"},
		{14, "xorp"},
		{15, "ntk"},
		{16, "dhcp"},
		{18, "keepalived"},
		{42, "babel"},
		{186, "bgp"},
		{187, "isis"},
		{188, "ospf"},
		{189, "rip"},
		{192, "eigrp"},
	}

	builtinScopes = []idName{
		{0, "global"},
		{200, "site"},
		{253, "link"},
		{254, "host"},
		{255, "nowhere"},
	}

	builtinRealms   = []idName{{0, "unknown"}}
	builtinDSFields = []idName{{0, "0"}}
)

// Table returns the name of routing table id, or id in decimal.
func (n *Names) Table(id uint32) string {
	if s := n.tableName(id); s != "" {
		return s
	}
	return strconv.FormatUint(uint64(id), 10)
}

// AppendTable appends what [Names.Table] returns to b.
func (n *Names) AppendTable(b []byte, id uint32) []byte {
	if s := n.tableName(id); s != "" {
		return append(b, s...)
	}
	return strconv.AppendUint(b, uint64(id), 10)
}

// Proto returns the name of routing protocol id, or id in decimal.
func (n *Names) Proto(id uint8) string { return n.decimal(&n.protos, id) }

// AppendProto appends what [Names.Proto] returns to b.
func (n *Names) AppendProto(b []byte, id uint8) []byte { return n.appendDecimal(b, &n.protos, id) }

// Scope returns the name of route scope id, or id in decimal.
func (n *Names) Scope(id uint8) string { return n.decimal(&n.scopes, id) }

// AppendScope appends what [Names.Scope] returns to b.
func (n *Names) AppendScope(b []byte, id uint8) []byte { return n.appendDecimal(b, &n.scopes, id) }

// Realm returns the name of realm id, or id in decimal. Only the first 256
// realms can have names; the rest are printed as C's %d would, that is,
// negative from 1<<31 on.
func (n *Names) Realm(id uint32) string {
	if id > math.MaxUint8 {
		return strconv.FormatInt(int64(int32(id)), 10)
	}
	return n.decimal(&n.realms, uint8(id))
}

// AppendRealm appends what [Names.Realm] returns to b.
func (n *Names) AppendRealm(b []byte, id uint32) []byte {
	if id > math.MaxUint8 {
		return strconv.AppendInt(b, int64(int32(id)), 10)
	}
	return n.appendDecimal(b, &n.realms, uint8(id))
}

// DSField returns the name of the DS field (the former TOS octet, RFC 2474)
// id, or id as two hexadecimal digits after 0x.
func (n *Names) DSField(id uint8) string {
	if s := n.name(&n.dsfield, id); s != "" {
		return s
	}
	return string(appendDSHex(nil, id))
}

// AppendDSField appends what [Names.DSField] returns to b.
func (n *Names) AppendDSField(b []byte, id uint8) []byte {
	if s := n.name(&n.dsfield, id); s != "" {
		return append(b, s...)
	}
	return appendDSHex(b, id)
}

// ParseTable resolves the name or number of a routing table. Numbers are
// whatever C's strtoul takes with base 0, up to 1<<32-1. Where one name
// stands for several tables the one with the smallest low byte wins, and
// among those the one read last.
func (n *Names) ParseTable(s string) (uint32, bool) {
	if id, ok := n.tables.get(n).byName[s]; ok {
		return id, true
	}
	v, ok := cUint(s, 0, math.MaxUint32)
	return uint32(v), ok
}

// ParseProto resolves the name or number of a routing protocol. Numbers are
// strtoul's with base 0, up to 255; a name of several numbers means the
// lowest.
func (n *Names) ParseProto(s string) (uint8, bool) { return n.parse(&n.protos, s, 0) }

// ParseScope is [Names.ParseProto] for scopes.
func (n *Names) ParseScope(s string) (uint8, bool) { return n.parse(&n.scopes, s, 0) }

// ParseRealm is [Names.ParseProto] for realms; a number above 255 is not a
// realm here although the field in the message is wider.
func (n *Names) ParseRealm(s string) (uint32, bool) {
	id, ok := n.parse(&n.realms, s, 0)
	return uint32(id), ok
}

// ParseDSField is [Names.ParseProto] for DS fields, with numbers always
// hexadecimal: "10" is 0x10.
func (n *Names) ParseDSField(s string) (uint8, bool) { return n.parse(&n.dsfield, s, 16) }

// TableNames returns every name [Names.ParseTable] knows, sorted.
func (n *Names) TableNames() []string { return nameKeys(n.tables.get(n).byName) }

// ProtoNames returns every name [Names.ParseProto] knows, sorted.
func (n *Names) ProtoNames() []string { return nameKeys(n.protos.get(n).byName) }

// ScopeNames returns every name [Names.ParseScope] knows, sorted.
func (n *Names) ScopeNames() []string { return nameKeys(n.scopes.get(n).byName) }

// RealmNames returns every name [Names.ParseRealm] knows, sorted.
func (n *Names) RealmNames() []string { return nameKeys(n.realms.get(n).byName) }

// DSFieldNames returns every name [Names.ParseDSField] knows, sorted.
func (n *Names) DSFieldNames() []string { return nameKeys(n.dsfield.get(n).byName) }

// name returns the name of id, or "" when it is to be printed as a number.
// Numeric printing never reads a file.
func (n *Names) name(db *tabDB, id uint8) string {
	if n.numeric {
		return ""
	}
	if s := db.cur.Load().byID[id]; s != "" {
		return s
	}
	return db.get(n).byID[id]
}

// tableName is name for tables, whose files are read even for numeric
// printing: a malformed rt_tables is complained about in either mode.
func (n *Names) tableName(id uint32) string {
	d := n.tables.get(n)
	if n.numeric {
		return ""
	}
	if id < uint32(len(d.low)) {
		return d.low[id]
	}
	return d.high[id]
}

func (n *Names) decimal(db *tabDB, id uint8) string {
	if s := n.name(db, id); s != "" {
		return s
	}
	return strconv.Itoa(int(id))
}

func (n *Names) appendDecimal(b []byte, db *tabDB, id uint8) []byte {
	if s := n.name(db, id); s != "" {
		return append(b, s...)
	}
	return strconv.AppendUint(b, uint64(id), 10)
}

func (n *Names) parse(db *tabDB, s string, base int) (uint8, bool) {
	if id, ok := db.get(n).byName[s]; ok {
		return id, true
	}
	v, ok := cUint(s, base, math.MaxUint8)
	return uint8(v), ok
}

func appendDSHex(b []byte, v uint8) []byte {
	const digits = "0123456789abcdef"
	return append(b, '0', 'x', digits[v>>4], digits[v&15])
}

func nameKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// tabDB is a database of the 256 numbers of an octet.
type tabDB struct {
	file string
	dir  bool // has a file.d as well
	once sync.Once
	// cur holds the compiled-in names until the files are read. No name is
	// ever empty, so "" marks a number without one.
	cur atomic.Pointer[tabData]
}

type tabData struct {
	byID   [256]string
	byName map[string]uint8
}

func (db *tabDB) init(file string, dir bool, builtin []idName) {
	db.file, db.dir = file, dir
	d := new(tabData)
	for _, e := range builtin {
		d.byID[e.id] = e.name
	}
	db.cur.Store(d)
}

// get returns the database with its files read.
func (db *tabDB) get(n *Names) *tabData {
	db.once.Do(func() {
		d := &tabData{byID: db.cur.Load().byID}
		n.read(db.file, db.dir, func(id int32, name string) {
			// ip checks against 256 instead of 255 and for that one
			// number writes behind its array. There is nothing to be
			// compatible with in that.
			if id >= 0 && int(id) < len(d.byID) {
				d.byID[id] = name
			}
		})
		d.byName = make(map[string]uint8)
		for id, name := range slices.Backward(d.byID[:]) {
			if name != "" {
				d.byName[name] = uint8(id)
			}
		}
		db.cur.Store(d)
	})
	return db.cur.Load()
}

// tableDB is the database of routing tables, whose numbers have 32 bits
// (though a file can name only those below 1<<31).
type tableDB struct {
	once sync.Once
	data tableData
}

type tableData struct {
	low    [256]string // numbers below 256, the only ones most hosts use
	high   map[uint32]string
	byName map[string]uint32
}

func (db *tableDB) get(n *Names) *tableData {
	db.once.Do(func() {
		type entry struct {
			id   uint32
			name string
		}
		// ip keeps 256 chains selected by the low byte and puts new entries
		// in front. Which of several equal names or numbers it finds follows
		// from that, so the chains are rebuilt here before being flattened.
		var chains [256][]entry
		add := func(id uint32, name string) {
			chains[id&255] = append(chains[id&255], entry{id, name})
		}
		for _, e := range builtinTables {
			add(uint32(e.id), e.name)
		}
		n.read("rt_tables", true, func(id int32, name string) {
			if id >= 0 {
				add(uint32(id), name)
			}
		})

		d := &db.data
		d.high = make(map[uint32]string)
		d.byName = make(map[string]uint32)
		for _, chain := range chains {
			for _, e := range chain { // oldest first, the last one stays
				if e.id < uint32(len(d.low)) {
					d.low[e.id] = e.name
				} else {
					d.high[e.id] = e.name
				}
			}
			for _, e := range slices.Backward(chain) { // the first one stays
				if _, dup := d.byName[e.name]; !dup {
					d.byName[e.name] = e.id
				}
			}
		}
	})
	return &db.data
}

// read feeds add the entries of every file of database base.
func (n *Names) read(base string, dir bool, add func(int32, string)) {
	// Only absence makes usr stand in for etc: an unreadable, malformed or
	// empty file in etc still is the administrator's word.
	if n.etc == "" || !n.readFile(n.etc+"/"+base, add) {
		if n.usr != "" {
			n.readFile(n.usr+"/"+base, add)
		}
	}
	if dir {
		n.readDir(n.usr, n.etc, base+".d", add)
		n.readDir(n.etc, "", base+".d", add)
	}
}

// readDir reads top/sub/*.conf but for the files that also exist, as
// anything at all, in override/sub.
func (n *Names) readDir(top, override, sub string, add func(int32, string)) {
	if top == "" {
		return
	}
	f, err := os.Open(top + "/" + sub)
	if err != nil {
		return
	}
	// Unsorted on purpose: where two files disagree, ip lets directory order
	// decide. What was listed before an error counts.
	files, _ := f.Readdirnames(-1)
	f.Close()
	for _, name := range files {
		if name[0] == '.' || !strings.HasSuffix(name, ".conf") {
			continue
		}
		if override != "" {
			if _, err := os.Lstat(override + "/" + sub + "/" + name); err == nil {
				continue
			}
		}
		n.readFile(top+"/"+sub+"/"+name, add)
	}
}

// maxNameLine is the longest piece of a line ip takes in at a time. What is
// beyond is treated as a line of its own.
const maxNameLine = 511

// readFile feeds add the entries of one file, up to the first malformed
// line. It reports whether the file exists.
func (n *Names) readFile(path string, add func(int32, string)) bool {
	f, err := os.Open(path)
	if err != nil {
		return !errors.Is(err, syscall.ENOENT)
	}
	defer f.Close()

	r := bufio.NewReaderSize(f, maxNameLine)
	for {
		line, err := r.ReadSlice('\n')
		if len(line) == 0 || err != nil && err != io.EOF && err != bufio.ErrBufferFull {
			return true
		}
		id, name, kind := parseNameLine(line)
		switch kind {
		case lineEntry:
			add(id, name)
		case lineBad:
			n.warnMu.Lock()
			// The line brings its own newline; ip adds a second one.
			fmt.Fprintf(n.warn, "Database %s is corrupted at %s\n", path, name)
			n.warnMu.Unlock()
			return true
		}
	}
}

type lineKind uint8

const (
	lineBlank lineKind = iota
	lineEntry
	lineBad
)

// parseNameLine takes a line of a database apart. For a bad line, name is the
// text to complain about.
func parseNameLine(line []byte) (id int32, name string, kind lineKind) {
	if i := bytes.IndexByte(line, 0); i >= 0 {
		line = line[:i] // a C string ends here
	}
	line = bytes.TrimLeft(line, " \t")
	if len(line) == 0 || line[0] == '#' || line[0] == '\n' {
		return 0, "", lineBlank
	}
	// A hexadecimal number is tried first. Failing that, the number is
	// decimal, so that "0x7" alone on its line is the name "x7" of number 0.
	if hex, ok := bytes.CutPrefix(line, []byte("0x")); ok {
		if id, rest, ok := scanInt(hex, 16); ok {
			if name := scanWord(rest); name != "" {
				return id, name, lineEntry
			}
		}
	}
	if id, rest, ok := scanInt(line, 10); ok {
		if name := scanWord(rest); name != "" {
			return id, name, lineEntry
		}
	}
	return 0, string(line), lineBad
}

// scanWord returns the first word of b. What follows it is nobody's concern,
// comment or not.
func scanWord(b []byte) string {
	for len(b) > 0 && cIsSpace(b[0]) {
		b = b[1:]
	}
	i := 0
	for i < len(b) && !cIsSpace(b[i]) {
		i++
	}
	return string(b[:i])
}

// scanInt reads a number as scanf's %d (base 10) or %x (base 16) does on a
// 64-bit glibc: a long, saturated when out of range, of which the int
// receives the low half.
func scanInt(b []byte, base uint64) (v int32, rest []byte, ok bool) {
	for len(b) > 0 && cIsSpace(b[0]) {
		b = b[1:]
	}
	neg := false
	if len(b) > 0 && (b[0] == '+' || b[0] == '-') {
		neg = b[0] == '-'
		b = b[1:]
	}
	if base == 16 && len(b) > 1 && b[0] == '0' && b[1]|0x20 == 'x' {
		// The zero counts as the number if no digit comes after the x.
		b, ok = b[2:], true
	}
	var u uint64
	over := false
	for len(b) > 0 {
		d := cDigit(b[0])
		if d >= base {
			break
		}
		u, over = cMulAdd(u, base, d, over)
		b, ok = b[1:], true
	}
	switch {
	case base == 16 && over:
		u = math.MaxUint64
	case base == 16 && neg:
		u = -u
	case base == 16:
	case neg && (over || u > 1<<63):
		u = 1 << 63
	case neg:
		u = -u
	case over || u > math.MaxInt64:
		u = math.MaxInt64
	}
	return int32(uint32(u)), b, ok
}

// cUint converts s as strtoul does on a 64-bit system and requires all of it
// to be used and the result to be at most limit. Leading white space and a sign
// are fine; a negative number counts modulo 1<<64.
func cUint(s string, base int, limit uint64) (uint64, bool) {
	for len(s) > 0 && cIsSpace(s[0]) {
		s = s[1:]
	}
	neg := false
	if len(s) > 0 && (s[0] == '+' || s[0] == '-') {
		neg = s[0] == '-'
		s = s[1:]
	}
	hex := len(s) > 2 && s[0] == '0' && s[1]|0x20 == 'x'
	switch {
	case hex && (base == 0 || base == 16):
		s, base = s[2:], 16
	case base == 0 && len(s) > 0 && s[0] == '0':
		base = 8
	case base == 0:
		base = 10
	}
	if s == "" {
		return 0, false
	}
	var u uint64
	over := false
	for i := range len(s) {
		d := cDigit(s[i])
		if d >= uint64(base) {
			return 0, false
		}
		u, over = cMulAdd(u, uint64(base), d, over)
	}
	if neg {
		u = -u
	}
	if over || u > limit {
		return 0, false
	}
	return u, true
}

func cMulAdd(u, base, d uint64, over bool) (uint64, bool) {
	hi, lo := bits.Mul64(u, base)
	lo, carry := bits.Add64(lo, d, 0)
	return lo, over || hi != 0 || carry != 0
}

// cDigit returns the value of c as a digit, 99 when it is none.
func cDigit(c byte) uint64 {
	switch {
	case '0' <= c && c <= '9':
		return uint64(c - '0')
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return uint64(c|0x20-'a') + 10
	}
	return 99
}

// cIsSpace is isspace of the C locale, which ip never leaves.
func cIsSpace(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }

// Numeric says whether numbers are to be printed as such (-N).
func (n *Names) Numeric() bool { return n.numeric }
