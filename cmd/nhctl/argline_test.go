//go:build linux

package main_test

import (
	"errors"
	"strings"
	"testing"
)

// splitWords splits a line as a POSIX shell would split it into words, without
// expansions: blanks separate, '…' and "…" quote, \ quotes one character.
func splitWords(line string) ([]string, error) {
	var words []string
	var word strings.Builder
	var quote rune // ' or " while inside
	started, escaped := false, false
	for _, r := range line {
		switch {
		case escaped:
			if quote == '"' && r != '"' && r != '\\' {
				word.WriteRune('\\')
			}
			word.WriteRune(r)
			escaped = false
		case r == '\\' && quote != '\'':
			escaped, started = true, true
		case quote != 0:
			if r == quote {
				quote = 0
			} else {
				word.WriteRune(r)
			}
		case r == '\'' || r == '"':
			quote, started = r, true
		case r == ' ' || r == '\t' || r == '\n':
			if started {
				words = append(words, word.String())
				word.Reset()
				started = false
			}
		default:
			word.WriteRune(r)
			started = true
		}
	}
	if quote != 0 || escaped {
		return nil, errors.New("unfinished quotation in " + line)
	}
	if started {
		words = append(words, word.String())
	}
	return words, nil
}

// quoteWord writes a word so that a shell reads it back unchanged.
func quoteWord(w string) string {
	if w != "" && !strings.ContainsAny(w, " \t\n'\"\\$`|&;<>()*?[]#~!{}") {
		return w
	}
	return "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
}

func TestSplitWords(t *testing.T) {
	for _, tt := range []struct {
		line string
		want []string
	}{
		{"", nil},
		{"route  add\t10.0.0.0/8", []string{"route", "add", "10.0.0.0/8"}},
		{`a 'b c' "d e" f\ g`, []string{"a", "b c", "d e", "f g"}},
		{`'' "" x`, []string{"", "", "x"}},
		{`"a\"b\n"`, []string{`a"b\n`}},
	} {
		got, err := splitWords(tt.line)
		if err != nil || strings.Join(got, "|") != strings.Join(tt.want, "|") || len(got) != len(tt.want) {
			t.Errorf("splitWords(%q):\nwant %q\ngot  %q, %v", tt.line, tt.want, got, err)
		}
	}
	for _, line := range []string{`'a`, `"a`, `a\`} {
		if got, err := splitWords(line); err == nil {
			t.Errorf("splitWords(%q): want an error, got %q", line, got)
		}
	}
}
