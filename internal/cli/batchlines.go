package cli

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// A lineError says what makes a line unreadable, in ip's words.
type lineError string

func (e lineError) Error() string { return string(e) }

// errMissingLine ends the batch, the others spoil one line.
const (
	errTooManyWords lineError = "Too many arguments to command"
	errNoEndQuote   lineError = "Unterminated quoted string"
	errMissingLine  lineError = "Missing continuation line"
)

// maxBatchWords is how many words of a line ip takes.
const maxBatchWords = 511

// batchChunk is how much is read at a time: a pipe's worth.
const batchChunk = 64 << 10

// batchLines cuts a batch into commands, as ip does (ip(8), -batch): words end
// at white space, a quote at the start of a word lasts to the next of its
// kind, # makes the rest a comment wherever it stands, and a backslash at the
// end of a line joins the next one to it. A NUL byte ends a line as # does,
// as it always has in C.
//
// Lines are cut from one string a chunk, so that a line costs no allocation
// and its words stay good for as long as anyone keeps them.
type batchLines struct {
	// line is the number of the last physical line of the current command.
	line int
	// text is the current command, without its comments, lines joined.
	text string

	r      io.Reader
	idle   func() error // called before a read that may take long
	block  string       // whole lines not given out yet
	rest   []byte       // the beginning of a line
	scan   int          // how much of rest is known to hold no line's end
	err    error        // what ended the input
	words  []string
	joined []byte
}

// newBatchLines reads r. idle is called whenever all that was there has been
// given out and more must be waited for; its error ends the input.
func newBatchLines(r io.Reader, idle func() error) *batchLines {
	return &batchLines{r: r, idle: idle}
}

// next returns the words of the next command that has any, good until the
// next call. The error is io.EOF at the end, that of reading, errMissingLine
// after which nothing follows, or errTooManyWords or errNoEndQuote of one
// command, after which the next may be asked for.
func (l *batchLines) next() ([]string, error) {
	for {
		text, open, err := l.physical()
		if err != nil {
			return nil, err
		}
		if open && strings.HasSuffix(text, "\\") {
			if text, err = l.join(text); err != nil {
				return nil, err
			}
		}
		l.text = text
		l.words, err = splitWords(l.words[:0], text)
		if err != nil || len(l.words) > 0 {
			return l.words, err
		}
	}
}

// join returns text and the lines that it is joined to. As in ip, a backslash
// that comes to stand before a line's end by that joins one line more.
func (l *batchLines) join(text string) (string, error) {
	l.joined = append(l.joined[:0], text...)
	for {
		l.joined = l.joined[:len(l.joined)-1]
		text, open, err := l.physical()
		switch {
		case errors.Is(err, io.EOF):
			return "", errMissingLine
		case err != nil:
			return "", err
		}
		l.joined = append(l.joined, text...)
		if !open || !bytes.HasSuffix(l.joined, []byte("\\")) {
			return string(l.joined), nil
		}
	}
}

// physical returns the next line without its comment and its end. open says
// that the text goes up to the line's end, so that a backslash there joins.
func (l *batchLines) physical() (text string, open bool, err error) {
	if l.block == "" {
		if err := l.fill(); err != nil {
			return "", false, err
		}
	}
	end := strings.IndexByte(l.block, '\n')
	if end >= 0 {
		text, l.block = l.block[:end], l.block[end+1:]
	} else {
		text, l.block = l.block, ""
	}
	l.line++
	if i := strings.IndexByte(text, '#'); i >= 0 {
		text, end = text[:i], -1
	}
	if i := strings.IndexByte(text, 0); i >= 0 {
		text, end = text[:i], -1
	}
	return text, end >= 0, nil
}

// fill reads until there is a whole line, or the last one.
func (l *batchLines) fill() error {
	for l.err == nil {
		if i := bytes.LastIndexByte(l.rest[l.scan:], '\n'); i >= 0 {
			n := l.scan + i + 1
			l.block = string(l.rest[:n])
			l.rest = append(l.rest[:0], l.rest[n:]...)
			l.scan = len(l.rest)
			return nil
		}
		l.scan = len(l.rest)
		l.read()
	}
	if len(l.rest) == 0 || !errors.Is(l.err, io.EOF) {
		return l.err // what a failing read left of a line is not done
	}
	l.block, l.rest = string(l.rest), nil
	return nil
}

func (l *batchLines) read() {
	if l.idle != nil && mayBlock(l.r) {
		if l.err = l.idle(); l.err != nil {
			return
		}
	}
	if free := cap(l.rest) - len(l.rest); free < batchChunk/2 {
		grown := make([]byte, len(l.rest), max(batchChunk, 2*cap(l.rest)))
		copy(grown, l.rest)
		l.rest = grown
	}
	var n int
	n, l.err = l.r.Read(l.rest[len(l.rest):cap(l.rest)])
	l.rest = l.rest[:len(l.rest)+n]
}

// mayBlock says whether reading r may have to wait for its writer.
func mayBlock(r io.Reader) bool {
	if _, ok := r.(*bytes.Reader); ok {
		return false
	}
	f, ok := r.(*os.File)
	if !ok {
		return true
	}
	raw, err := f.SyscallConn()
	if err != nil {
		return true
	}
	ready := 0
	// Control leaves the descriptor's mode alone, which others may share.
	if err := raw.Control(func(fd uintptr) {
		fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		ready, _ = unix.Poll(fds, 0)
	}); err != nil {
		return true
	}
	return ready <= 0
}

// splitWords appends the words of a command to words.
func splitWords(words []string, s string) ([]string, error) {
	for i := 0; i < len(s); {
		c := s[i]
		if isBlank(c) {
			i++
			continue
		}
		if len(words) >= maxBatchWords {
			return words, errTooManyWords
		}
		if c == '\'' || c == '"' {
			n := strings.IndexByte(s[i+1:], c)
			if n < 0 {
				return words, errNoEndQuote
			}
			words = append(words, s[i+1:i+1+n])
			i += n + 2
			continue
		}
		j := i + 1
		for j < len(s) && !isBlank(s[j]) {
			j++
		}
		words = append(words, s[i:j])
		i = j
	}
	return words, nil
}

// isBlank says whether c separates words. A line's end is not in a line.
func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }
