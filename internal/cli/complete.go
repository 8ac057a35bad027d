package cli

import (
	"errors"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"nhctl/internal/cli/grammar"
	"nhctl/internal/cli/out"
	"nhctl/internal/nl"
	"nhctl/internal/nl/rt"
)

// complete answers a shell's question for the words that may stand in place
// of the last of args. request is cobra's hidden command, which takes the
// words behind the verb from completeWords. What goes wrong is not told: a
// shell at its prompt has no use for it.
func complete(env *Env, request string, args []string) int {
	quiet := *env
	quiet.Err = io.Discard
	env = &quiet
	if len(args) == 0 {
		return runTree(newApp(env, options{}), []string{request})
	}
	before, last := args[:len(args)-1], args[len(args)-1]
	o, rest, err := parseOptions(before)
	if err == nil {
		rest, _, err = ownOptionsBehind(&o, rest)
	}
	a := newApp(env, o)
	defer a.close()
	if err != nil {
		// An option whose value is the word in question, or a mistake.
		return a.offer(optionValues(before), last)
	}
	for _, n := range o.netns {
		if switchNetns(n, io.Discard) != nil {
			return a.offer(nil, last)
		}
	}
	switch {
	case strings.HasPrefix(last, "--") && strings.Contains(last, "="):
		opt, value, _ := strings.Cut(last, "=")
		return a.offer(optionValues([]string{opt}), value)
	case strings.HasPrefix(last, "--") || len(rest) == 0 && strings.HasPrefix(last, "-"):
		return a.offer(optionWords(len(rest) == 0), last)
	case len(rest) > 0:
		switch findObject(rest[0]) {
		case "completion", "version", "help": // cobra's
			rest = append([]string{findObject(rest[0])}, rest[1:]...)
		default:
			path := canonical(rest)
			if len(path) == 0 {
				return a.offer(nil, last)
			}
			rest = append(path, rest[len(path):]...)
		}
	}
	return runTree(a, append(append([]string{request}, rest...), last))
}

// offer writes words as cobra does.
func (a *app) offer(words []cobra.Completion, last string) int {
	for _, w := range words {
		if strings.HasPrefix(w, last) {
			io.WriteString(a.env.Out, w+"\n")
		}
	}
	io.WriteString(a.env.Out, ":"+strconv.Itoa(int(cobra.ShellCompDirectiveNoFileComp))+"\n")
	return exitOK
}

// optionWords are the options; ip's stand before the object only.
func optionWords(first bool) (all []cobra.Completion) {
	if first {
		for i := range ipOptions {
			all = append(all, ipOptions[i].names[0])
		}
	}
	return append(all, "--check-first", "--dry-run", "--exact", "--format", "--help", "--print-id", "--trace")
}

// optionValues are the values of the option that args end in.
func optionValues(args []string) (all []cobra.Completion) {
	opt := args[len(args)-1]
	switch {
	case opt == "--format":
		return []cobra.Completion{"auto", "text", "table", "json", "jsonl"}
	case opt == "--trace" || opt == "--dry-run":
		return []cobra.Completion{"text", "hex"}
	case grammar.Matches(opt, "-family"):
		return []cobra.Completion{"inet", "inet6", "mpls", "bridge", "link"}
	case grammar.Matches(opt, "-netns"):
		files, _ := os.ReadDir(netnsDir)
		for _, f := range files {
			all = offerName(all, f.Name(), "")
		}
	}
	return all
}

// offerName adds a name from outside with a description. Names that a shell
// would not take as they are cannot be offered: some shells evaluate what
// they are given.
func offerName(all []cobra.Completion, name, description string) []cobra.Completion {
	for i := range len(name) {
		switch c := name[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("._-:/@+,=%", c) >= 0:
		default:
			return all
		}
	}
	if name == "" || name[0] == '-' {
		return all
	}
	return append(all, cobra.CompletionWithDesc(name, string(out.AppendSafe(nil, description))))
}

// Words that the grammar reads without a list.
var (
	featureKeywords = []grammar.Keyword{{Word: "ecn"}, {Word: "tcp_usec_ts"}}
	idKeywords      = []grammar.Keyword{{Word: "id", Value: "ID"}}
	bucketKeywords  = []grammar.Keyword{{Word: "id", Value: "ID"}, {Word: "index", Value: "NUMBER"}}
)

// keywords are the words of a verb, and what may stand there without one.
func keywords(path string) (ks []grammar.Keyword, positional string) {
	switch path {
	case "route add":
		return grammar.RouteKeywords(), "TYPE"
	case "route change", "route replace", "route prepend", "route append", "route test", "route delete":
		return grammar.RouteKeywords(), "TYPE PREFIX"
	case "route list", "route flush", "route save":
		return grammar.RouteListKeywords(), "root match exact PREFIX"
	case "route get":
		return grammar.RouteGetKeywords(), "ADDRESS"
	case "nexthop add", "nexthop replace":
		return grammar.NexthopKeywords(), ""
	case "nexthop delete", "nexthop get":
		return idKeywords, ""
	case "nexthop list", "nexthop flush":
		return grammar.NexthopListKeywords(), ""
	case "nexthop bucket list":
		return grammar.BucketListKeywords(), ""
	case "nexthop bucket get":
		return bucketKeywords, ""
	}
	return nil, ""
}

// completeWords offers what may follow args behind a verb.
func (a *app) completeWords(path string, args []string, last string) ([]cobra.Completion, cobra.ShellCompDirective) {
	c := &completer{a: a, path: path, last: last, used: map[string]bool{}}
	c.ks, c.positional = keywords(path)
	directive := cobra.ShellCompDirectiveNoFileComp
	all := c.follow(args)
	if c.noSpace {
		directive |= cobra.ShellCompDirectiveNoSpace
	}
	return all, directive
}

// matchingVerbs are the further names of verbs.
func matchingVerbs(vs []verb, last string) (all []cobra.Completion) {
	for i := range vs {
		for _, n := range vs[i].also {
			if n != "lst" && strings.HasPrefix(n, last) {
				all = append(all, cobra.CompletionWithDesc(n, vs[i].short))
			}
		}
	}
	return all
}

// A completer walks the words behind a verb.
type completer struct {
	a          *app
	path, last string
	ks, more   []grammar.Keyword // of the verb; of what it is in: an encapsulation, a group's type
	positional string
	used       map[string]bool
	table      uint32 // that was said
	noSpace    bool
}

// find is the keyword that a word means, in full or abbreviated.
func (c *completer) find(w string) *grammar.Keyword {
	for _, ks := range [][]grammar.Keyword{c.more, c.ks} {
		for _, same := range []func(w, k string) bool{func(w, k string) bool { return w == k }, grammar.Matches} {
			for i := range ks {
				if same(w, ks[i].Word) || slices.ContainsFunc(ks[i].Also, func(k string) bool { return same(w, k) }) {
					return &ks[i]
				}
			}
		}
	}
	return nil
}

// between are the words that may stand between a keyword and its value.
func between(k *grammar.Keyword) []string {
	in, _, ok := strings.Cut(strings.TrimPrefix(k.Value, "[ "), " ] ")
	if !ok || !strings.HasPrefix(k.Value, "[ ") {
		return nil
	}
	if in == "FAMILY" {
		return []string{"inet", "inet6", "mpls", "link"}
	}
	return strings.Split(in, " | ")
}

func (c *completer) follow(args []string) []cobra.Completion {
	for i := 0; i < len(args); i++ {
		k := c.find(args[i])
		if k == nil {
			if w := args[i]; w != "to" && !slices.Contains(strings.Fields(c.positional), w) && !slices.Contains(routeTypeWords(), w) {
				c.positional = ""
			}
			continue
		}
		c.used[k.Word] = true
		switch {
		case k.Word == "nexthop":
			c.ks, c.more, c.positional, c.used = append(grammar.HopKeywords(), grammar.Keyword{Word: "nexthop", Value: "NH"}), nil, "", map[string]bool{}
			continue
		case k.Value == "":
			continue
		}
		i++
		words := between(k)
		if i == len(args) {
			if strings.HasPrefix(k.Value, "[ FAMILY ]") && c.last == "" {
				words = nil // hardly ever wanted
			}
			return append(c.matching(words), c.values(k)...)
		}
		if slices.Contains(words, args[i]) {
			if i++; i == len(args) {
				return c.values(k)
			}
		}
		c.valueSaid(k, args[i])
	}
	return c.next()
}

// valueSaid notes what a value means for the words behind it.
func (c *completer) valueSaid(k *grammar.Keyword, value string) {
	switch k.Word {
	case "encap":
		if typ, ok := rt.EncapType(value); ok {
			c.more = grammar.EncapKeywords(typ)
		}
	case "type":
		if value == "resilient" {
			c.more = grammar.ResilientKeywords()
		}
	case "features":
		c.more = featureKeywords
		c.used[value] = true
	case "table":
		c.table, _ = c.a.names.ParseTable(value)
	case "vrf":
		c.table, _ = c.a.links.vrfTable(value)
	}
}

// next are the keywords that were not used yet, and what may stand without.
func (c *completer) next() []cobra.Completion {
	var all []cobra.Completion
	for _, p := range strings.Fields(c.positional) {
		switch p {
		case "TYPE":
			all = append(all, c.matching(append([]string{"default"}, routeTypeWords()...))...)
		case "PREFIX", "ADDRESS":
			all = append(all, c.prefixes(p == "ADDRESS")...)
		default:
			all = append(all, c.matching([]string{p})...)
		}
	}
	for _, ks := range [][]grammar.Keyword{c.more, c.ks} {
		for i := range ks {
			k := &ks[i]
			if c.used[k.Word] || k.Word == "help" {
				continue
			}
			if strings.HasPrefix(k.Word, c.last) {
				all = append(all, cobra.CompletionWithDesc(k.Word, k.Value))
				continue
			}
			for _, w := range k.Also {
				if c.last != "" && strings.HasPrefix(w, c.last) {
					all = append(all, cobra.CompletionWithDesc(w, k.Value))
				}
			}
		}
	}
	return all
}

func (c *completer) matching(words []string) (all []cobra.Completion) {
	for _, w := range words {
		if strings.HasPrefix(w, c.last) {
			all = offerName(all, w, "")
		}
	}
	return all
}

// values are what may follow a keyword.
func (c *completer) values(k *grammar.Keyword) []cobra.Completion {
	n := c.a.names
	value := k.Value
	if _, v, ok := strings.Cut(value, " ] "); ok && between(k) != nil {
		value = v
	}
	switch value {
	case "DEVICE":
		return c.devices("")
	case "TABLE_ID":
		words := n.TableNames()
		if c.path == "route list" || c.path == "route flush" || c.path == "route save" {
			words = append(words, "all", "cache")
		}
		return c.matching(words)
	case "RTPROTO":
		return c.matching(n.ProtoNames())
	case "SCOPE":
		return c.matching(n.ScopeNames())
	case "TOS":
		return c.matching(n.DSFieldNames())
	case "[ FROM/ ]TO":
		return c.matching(n.RealmNames())
	case "TYPE":
		return c.matching(routeTypeWords())
	case "FEATURES":
		return c.matching([]string{"ecn", "tcp_usec_ts"})
	case "PREFIX":
		if k.Word == "from" || k.Word == "to" {
			return c.prefixes(false)
		}
	case "ENCAPTYPE ENCAPHDR":
		var words []string
		for _, t := range rt.EncapTypes() {
			words = append(words, rt.EncapName(t))
		}
		return c.matching(words)
	case "ID":
		if k.Word == "id" && (c.path == "nexthop add") {
			return nil // one that is not there yet
		}
		return c.nexthops(c.last, k.Word == "id" && strings.HasPrefix(c.path, "nexthop bucket"))
	case "GROUP":
		c.noSpace = true
		at := strings.LastIndexByte(c.last, '/') + 1
		all := c.nexthops(c.last[at:], false)
		for i := range all {
			all[i] = c.last[:at] + all[i]
		}
		return all
	case "NAME":
		switch k.Word {
		case "vrf":
			return c.devices("vrf")
		case "congctl":
			b, _ := os.ReadFile("/proc/sys/net/ipv4/tcp_available_congestion_control")
			return c.matching(strings.Fields(string(b)))
		}
	case "LINK":
		return c.devices("")
	}
	// { low | medium | high }
	if in, ok := strings.CutPrefix(value, "{ "); ok {
		var words []string
		for w := range strings.SplitSeq(strings.TrimSuffix(in, " }"), " | ") {
			w, _, _ = strings.Cut(w, " ")
			words = append(words, w)
		}
		return c.matching(words)
	}
	return nil
}

// routeTypeWords are the types of routes as users say them.
func routeTypeWords() (words []string) {
	for t := uint8(unix.RTN_UNICAST); t <= unix.RTN_XRESOLVE; t++ {
		words = append(words, rt.TypeWord(t, false))
	}
	return words
}

// Bounds of what is offered and of what is looked at for it, so that the
// answer is there at once on a router with a million routes.
const (
	offerMost = 200
	lookMost  = 20000
)

var errEnough = errors.New("enough")

// dump gives what there is to f, as far as the bounds go; f says whether it
// offered something.
func (c *completer) dump(typ uint16, body []byte, f func(nl.Msg) bool) {
	conn, err := c.a.conn()
	if err != nil {
		return
	}
	looked, offered := 0, 0
	_ = conn.Dump(c.a.ctx(), nl.Msg{Header: nl.Header{Type: typ, Flags: nl.Request}, Body: body}, func(m nl.Msg) error {
		if f(m) {
			offered++
		}
		if looked++; looked >= lookMost || offered >= offerMost {
			return errEnough
		}
		return nil
	})
}

// devices are the devices of a kind, "" for all.
func (c *completer) devices(kind string) (all []cobra.Completion) {
	c.dump(unix.RTM_GETLINK, make([]byte, unix.SizeofIfInfomsg), func(m nl.Msg) bool {
		var l rt.Link
		if rt.DecodeLink(&l, m.Body) != nil || !strings.HasPrefix(l.Name.V, c.last) || kind != "" && l.Info.V.Kind.V != kind {
			return false
		}
		state := l.Info.V.Kind.V
		if t, ok := l.VRFTable(); ok {
			state += " table " + c.a.names.Table(t)
		}
		if l.Flags&unix.IFF_UP == 0 {
			state += " down"
		}
		all = offerName(all, l.Name.V, strings.TrimSpace(state))
		return true
	})
	return all
}

// nexthops are the ids of the nexthop objects that begin so, described as a
// listing shows them; only resilient ones have buckets.
func (c *completer) nexthops(prefix string, resilient bool) (all []cobra.Completion) {
	style := c.a.style
	style.JSON, style.Color, style.Oneline = false, out.NoColor, true
	c.dump(unix.RTM_GETNEXTHOP, (&rt.Nexthop{}).AppendHeader(nil), func(m nl.Msg) bool {
		var n rt.Nexthop
		if rt.DecodeNexthop(&n, m.Body) != nil {
			return false
		}
		id := strconv.FormatUint(uint64(n.ID.V), 10)
		if !strings.HasPrefix(id, prefix) || resilient && n.GroupType.V != rt.GroupResilient {
			return false
		}
		var line strings.Builder
		p := out.NewPrinter(&line, &style)
		_ = p.PrintNexthop(&n, false)
		_ = p.End()
		all = offerName(all, id, strings.TrimSpace(strings.TrimPrefix(line.String(), "id "+id)))
		return true
	})
	return all
}

// prefixes are destinations that there are in the table, without their length
// where an address is wanted.
func (c *completer) prefixes(address bool) (all []cobra.Completion) {
	f := rt.DefaultRouteFilter()
	if c.table != 0 {
		f.Table = c.table
	}
	seen := map[string]bool{}
	var r rt.Route
	c.dump(unix.RTM_GETROUTE, f.Request(c.a.o.family), func(m nl.Msg) bool {
		if m.Type != unix.RTM_NEWROUTE || rt.DecodeRoute(&r, m.Body) != nil || !f.Match(&r) {
			return false
		}
		s := "default"
		if r.Dst.OK {
			s = string(rt.AppendAddr(nil, r.Family, r.Dst.V.Bytes()))
			if int(r.DstLen) != rt.BitLen(r.Family) && !address {
				s += "/" + strconv.Itoa(int(r.DstLen))
			}
		}
		if !strings.HasPrefix(s, c.last) || seen[s] || address && !r.Dst.OK {
			return false
		}
		seen[s] = true
		description := ""
		if r.OIF.OK {
			description = "dev " + c.a.links.nameOf(r.OIF.V)
		}
		all = offerName(all, s, description)
		return true
	})
	return all
}

// bashAlone stands in for the two functions of the bash-completion package
// that cobra's script calls, where that package is not installed.
const bashAlone = `# Without the bash-completion package.
if ! declare -F _get_comp_words_by_ref >/dev/null 2>&1; then
    _get_comp_words_by_ref() {
        # Words are those of the line: a colon or an equals sign, at which
        # readline breaks them, joins them again.
        local i w joined=()
        local -i at=0
        for ((i = 0; i < ${#COMP_WORDS[@]}; i++)); do
            w=${COMP_WORDS[i]}
            if ((i > 0)) && [[ ${COMP_WORDS[i]} == [:=]* || ${COMP_WORDS[i-1]} == *[:=] ]] &&
                [[ $COMP_LINE == *"${joined[${#joined[@]}-1]}$w"* ]]; then
                joined[${#joined[@]}-1]+=$w
            else
                joined+=("$w")
            fi
            ((i == COMP_CWORD)) && at=$((${#joined[@]} - 1))
        done
        words=("${joined[@]}")
        cword=$at
        cur=${words[cword]}
        prev=${words[cword-1]:-}
    }
fi
if ! declare -F __ltrim_colon_completions >/dev/null 2>&1; then
    __ltrim_colon_completions() {
        if [[ $1 == *:* && $COMP_WORDBREAKS == *:* ]]; then
            local i head=${1%"${1##*:}"}
            for ((i = 0; i < ${#COMPREPLY[@]}; i++)); do
                COMPREPLY[i]=${COMPREPLY[i]#"$head"}
            done
        fi
    }
fi

`

// Cobra's script compares what was typed with words that bash has quoted, so
// that a comma, which bash quotes and nobody else does, never fits: 1,3/2. The
// words of offerName need no quotes.
const (
	bashQuoted = `printf -v comp "%q" "${compline%%$tab*}" &>/dev/null || comp=$(printf "%q" "${compline%%$tab*}")`
	bashPlain  = `comp=${compline%%$tab*}`
)

// completionCommand writes the scripts that shells source.
func (a *app) completionCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "completion SHELL", Short: "write the completion script of bash, zsh or fish",
		Example: "  source <(nhctl completion bash)",
		Args:    cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				a.note("say for which shell: completion bash, zsh or fish")
			} else {
				a.note("no completion for %q; there is bash, zsh and fish", args[0])
			}
			return exitError(exitUsage)
		},
	}
	for _, s := range []struct {
		shell string
		write func(root *cobra.Command, w io.Writer) error
	}{
		{"bash", func(root *cobra.Command, w io.Writer) error {
			if _, err := io.WriteString(w, bashAlone); err != nil {
				return err
			}
			var script strings.Builder
			if err := root.GenBashCompletionV2(&script, true); err != nil {
				return err
			}
			_, err := io.WriteString(w, strings.Replace(script.String(), bashQuoted, bashPlain, 1))
			return err
		}},
		{"zsh", (*cobra.Command).GenZshCompletion},
		{"fish", func(root *cobra.Command, w io.Writer) error { return root.GenFishCompletion(w, true) }},
	} {
		c.AddCommand(&cobra.Command{
			Use: s.shell, Short: "write the completion script of " + s.shell,
			Args: func(_ *cobra.Command, args []string) error {
				if len(args) == 0 {
					return nil
				}
				a.note("completion %s takes no more words; %q is one", s.shell, args[0])
				return exitError(exitUsage)
			},
			ValidArgsFunction: cobra.NoFileCompletions,
			RunE:              func(c *cobra.Command, _ []string) error { return s.write(c.Root(), c.OutOrStdout()) },
		})
	}
	return c
}
