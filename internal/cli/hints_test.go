package cli

import (
	"encoding/json"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"nhctl/internal/nl"
)

func TestClosest(t *testing.T) {
	for _, tt := range []struct {
		word, want string
		among      []string
	}{
		{"dell", "del", verbNames(routeVerbs())},
		{"delte", "delete", verbNames(routeVerbs())},
		{"dle", "del", verbNames(nexthopVerbs())},
		{"lsit", "list", verbNames(routeVerbs())},
		{"shwo", "show", verbNames(nexthopVerbs())},
		{"addd", "add", verbNames(routeVerbs())},
		{"repalce", "replace", verbNames(routeVerbs())},
		{"hlep", "help", verbNames(routeVerbs())},
		{"buckte", "bucket", verbNames(nexthopVerbs())},
		{"frobnicate", "", verbNames(routeVerbs())},
		{"x", "", verbNames(routeVerbs())},
		{"", "", verbNames(routeVerbs())},
		{"eht0", "eth0", []string{"lo", "eth0", "eth10"}},
		{"mian", "main", []string{"default", "local", "main"}},
		{"metirc", "metric", []string{"metric", "mtu", "src"}},
		{"gw", "via", []string{"dev", "via"}},
		{"gw", "", []string{"eth0", "lo"}},
		{"remove", "del", verbNames(routeVerbs())},
	} {
		if got := closest(tt.word, tt.among); got != tt.want {
			t.Errorf("closest(%q): want %q, got %q", tt.word, tt.want, got)
		}
	}
}

func TestDidYouMean(t *testing.T) {
	for _, tt := range []struct {
		line, want string
		code       int
	}{
		{"rotue add", "did you mean `route`?", exitSyntax},
		{"nexhop", "did you mean `nexthop`?", exitSyntax},
		{"route dell 10.0.0.0/8", "did you mean `route del`?", exitUsage},
		{"nexthop shwo", "did you mean `nexthop show`?", exitUsage},
		{"nexthop bucket lsit", "did you mean `nexthop bucket list`?", exitUsage},
		{"route add 10.0.0.0/8 tabel 5", "did you mean `table`?", exitUsage},
		{"route add 10.0.0.0/8 dev eht0", "did you mean `eth0`?", exitSyntax},
		{"route add 10.0.0.0/8 table mian", "did you mean `main`?", exitUsage},
		{"route show proto krenel", "did you mean `kernel`?", exitUsage},
		{"nexthop add id 1 blckhole", "did you mean `blackhole`?", exitUsage},
		{"route add 10.0.0.0/8 gateway 192.0.2.1", "did you mean `via`?", exitUsage},
		{"nexthop rm id 1", "did you mean `nexthop del`?", exitUsage},
		{"--tarce route", "did you mean `--trace`?", exitUsage},
		{"-format text route", "did you mean `--format`?", exitUsage},
		{"-jsno route", "did you mean `-json`?", exitUsage},
		{"route show --tarce", "did you mean `--trace`?", exitSyntax},
		{"ip route", "leave out `ip`", exitSyntax},
		{"route add defualt via 192.0.2.1", "did you mean `default`?", exitSyntax},
		{"nexthop del 5", "`id 5`", exitUsage},
		{"route add blakhole 192.0.2.0/24", "did you mean `blackhole`?", exitSyntax},
	} {
		env, _, stderr := listerEnv(nil)
		code := Run(env, append([]string{"nhctl"}, strings.Fields(tt.line)...))
		first, rest, _ := strings.Cut(stderr.String(), "\n")
		if code != tt.code || !strings.Contains(rest, tt.want) || strings.HasPrefix(first, "nhctl") {
			t.Errorf("%s: want ip's line, then %q, exit %d; got %q, exit %d", tt.line, tt.want, tt.code, stderr, code)
		}
	}
}

func TestErrorsAsJSON(t *testing.T) {
	type said struct {
		Text, Errno, Argument, Hint string
		Exit                        int
	}
	refusal := &nl.Error{Errno: unix.ENETUNREACH, Text: "Nexthop has invalid gateway"}
	for _, tt := range []struct {
		line string
		want said // Hint is a part of the hint
	}{
		{"--format json route dell", said{"Command \"dell\" is unknown, try \"ip route help\".", "", "", "`route del`", exitUsage}},
		{"--format jsonl route add 10.0.0.0/8 tabel 5", said{"Error: either \"to\" is duplicate, or \"tabel\" is garbage.", "", "tabel", "`table`", exitUsage}},
		{"--format json route add 10.0.0.0/8 via 192.0.2.1", said{"Error: Nexthop has invalid gateway.", "ENETUNREACH", "", "onlink", exitKernel}},
		{"route add 10.0.0.0/8 via 192.0.2.1 --format json", said{"Error: Nexthop has invalid gateway.", "ENETUNREACH", "", "onlink", exitKernel}},
		{"--format jsonl -pretty route", said{"Error: --format jsonl does not go with -pretty: it is one object a line", "", "", "", exitUsage}},
		{"--format json -bogus route", said{"Option \"-bogus\" is unknown, try \"ip -help\".", "", "", "", exitUsage}},
	} {
		env, _, stderr := listerEnv(refusal)
		code := Run(env, append([]string{"nhctl"}, strings.Fields(tt.line)...))
		var got struct{ Error *said }
		err := json.Unmarshal(stderr.Bytes(), &got)
		if err != nil || got.Error == nil || strings.Count(stderr.String(), "\n") != 1 {
			t.Errorf("%s: want one line of JSON, got %q, %v", tt.line, stderr, err)
			continue
		}
		if !strings.Contains(got.Error.Hint, tt.want.Hint) {
			t.Errorf("%s: want a hint with %q, got %q", tt.line, tt.want.Hint, got.Error.Hint)
		}
		got.Error.Hint = tt.want.Hint
		if *got.Error != tt.want || code != tt.want.Exit {
			t.Errorf("%s:\nwant %+v\ngot  %+v, exit %d", tt.line, tt.want, *got.Error, code)
		}
	}
	// With -json alone errors are ip's.
	env, _, stderr := listerEnv(refusal)
	Run(env, strings.Fields("nhctl -json route add 10.0.0.0/8 via 192.0.2.1"))
	if want := "Error: Nexthop has invalid gateway.\n"; !strings.HasPrefix(stderr.String(), want) {
		t.Errorf("-json: want %q first, got %q", want, stderr)
	}
}

func TestFormatsThatDoNotGo(t *testing.T) {
	for _, line := range []string{"--format table -json route", "--format text -json route", "--format table -o nexthop", "--format jsonl -p route"} {
		env, stdout, stderr := listerEnv(nil)
		if code := Run(env, append([]string{"nhctl"}, strings.Fields(line)...)); code != exitUsage || stdout.Len() > 0 || !strings.Contains(stderr.String(), "does not go with") {
			t.Errorf("%s: want a clear refusal, got exit %d, %q, %q", line, code, stdout, stderr)
		}
	}
}

func TestListingFormat(t *testing.T) {
	const table, line, object = "DESTINATION ", "10.1.0.0/16 dev eth0 ", "{\"dst\""
	for _, tt := range []struct {
		line string
		tty  bool
		env  map[string]string
		want string // what the output begins with
	}{
		{"route", true, nil, "\x1b[1m" + table},
		{"route", true, map[string]string{"NO_COLOR": "1"}, table},
		{"route", true, map[string]string{"TERM": "dumb"}, table},
		{"-c=never route", true, nil, table},
		{"route", false, nil, line},
		{"-o route", true, nil, line},
		{"-json route", true, nil, "[" + object},
		{"--format text route", true, nil, line},
		{"--format auto route", false, nil, line},
		{"--format table route", false, nil, table},
		{"--format json route", true, nil, "[" + object},
		{"--format jsonl route", true, nil, object},
		{"nexthop", true, map[string]string{"NO_COLOR": "1"}, "ID  KIND "},
	} {
		env, stdout, stderr := listerEnv(nil)
		env.OutTTY, env.Width = tt.tty, 80
		env.Getenv = func(k string) string { return tt.env[k] }
		code := Run(env, append([]string{"nhctl"}, strings.Fields(tt.line)...))
		if !strings.HasPrefix(stdout.String(), tt.want) || code != exitOK {
			t.Errorf("%s, terminal %t, %v: want %q, got %q, %q, exit %d", tt.line, tt.tty, tt.env, tt.want, stdout, stderr, code)
		}
	}
}

func TestMeantOption(t *testing.T) {
	for w, want := range map[string]string{
		"-tarce": "--trace", "-trace": "--trace", "-dryrun": "--dry-run", "-detials": "-details", "-x": "", "-": "", "": "",
	} {
		if got := meantOption(w); got != want {
			t.Errorf("meantOption(%q): want %q, got %q", w, want, got)
		}
	}
}

func TestHints(t *testing.T) {
	for _, tt := range []struct {
		line string
		err  *nl.Error
		want string // "": no hint
	}{
		{"route add default", &nl.Error{Errno: unix.ENODEV}, "via ADDRESS"},
		{"route add 10.0.0.0/8 dev if99", &nl.Error{Errno: unix.ENODEV}, ""},
		{"nexthop add id 5", &nl.Error{Errno: unix.EINVAL, Text: "Invalid address family"}, "dev DEVICE"},
		{"nexthop del", &nl.Error{Errno: unix.EINVAL, Text: "Nexthop id is missing"}, "id ID"},
		{"route add 10.0.0.0/8 via 192.0.2.1 congctl x", &nl.Error{Errno: unix.EINVAL, Text: "Unknown tcp congestion algorithm"}, "tcp_available"},
	} {
		env, _, stderr := listerEnv(tt.err)
		Run(env, append([]string{"nhctl"}, strings.Fields(tt.line)...))
		_, notes, _ := strings.Cut(stderr.String(), "\n")
		_, hint, _ := strings.Cut("\n"+strings.ReplaceAll(notes, "nhctl: errno is EINVAL\n", ""), "\nnhctl: ")
		if tt.want == "" && hint != "" || !strings.Contains(hint, tt.want) {
			t.Errorf("%s: want a hint with %q, got %q", tt.line, tt.want, stderr)
		}
	}
}

func TestCompletionOfNoShell(t *testing.T) {
	for line, want := range map[string]string{
		"completion": "for which shell", "completion fosh": `"fosh"`, "completion bash twice": `"twice"`,
	} {
		env, stdout, stderr := listerEnv(nil)
		code := Run(env, append([]string{"nhctl"}, strings.Fields(line)...))
		if code != exitUsage || stdout.Len() > 0 || !strings.Contains(stderr.String(), want) {
			t.Errorf("%s: want %q, exit %d; got %q, %q, exit %d", line, want, exitUsage, stdout, stderr, code)
		}
	}
}
