package nltest

import (
	"bufio"
	"encoding/hex"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// RunTraced runs a program under strace and returns, beside its result, every
// buffer it gave to a NETLINK_ROUTE socket, in the order of sending, whichever
// of its threads sent it. The directory is for strace's files.
func RunTraced(c Command, dir string) (Result, [][]byte, error) {
	c.Argv = append([]string{
		"strace", "-f", "-ff", "-ttt", "-xx", "-s", "0", "-e", "signal=none", "-e", "write=all",
		"-e", "trace=socket,sendmsg,sendto,sendmmsg,write,writev", "-o", filepath.Join(dir, "trace"), "--",
	}, c.Argv...)
	res, err := Run(c)
	if err != nil {
		return res, nil, err
	}
	files, err := filepath.Glob(filepath.Join(dir, "trace.*"))
	if err != nil {
		return res, nil, err
	}
	sends, err := readTrace(files)
	return res, sends, err
}

var (
	socketLine = regexp.MustCompile(`^\d+\.\d+ socket\((?:AF|PF)_NETLINK, .*NETLINK_ROUTE\) = (\d+)`)
	callLine   = regexp.MustCompile(`^(\d+\.\d+) (?:sendmsg|sendto|sendmmsg|write|writev)\((\d+)\b`)
	dumpLine   = regexp.MustCompile(`^ \| [0-9a-f]{5}  ((?:[0-9a-f]{2} {1,2}){1,16})`)
)

// readTrace reads strace's files, one for each thread of the program.
func readTrace(files []string) ([][]byte, error) {
	type line struct {
		file int
		text string
	}
	var lines []line
	routeSockets := map[string]bool{}
	for i, name := range files {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		scan := bufio.NewScanner(f)
		scan.Buffer(nil, 1<<20)
		for scan.Scan() {
			lines = append(lines, line{i, scan.Text()})
			if m := socketLine.FindStringSubmatch(scan.Text()); m != nil {
				routeSockets[m[1]] = true
			}
		}
		if err := scan.Err(); err != nil {
			return nil, err
		}
	}

	type send struct {
		when float64
		data []byte
	}
	var sends []*send
	var current *send // the call whose dump lines follow
	file := -1
	for _, l := range lines {
		if l.file != file {
			file, current = l.file, nil
		}
		if m := callLine.FindStringSubmatch(l.text); m != nil {
			current = nil
			if routeSockets[m[2]] {
				when, _ := strconv.ParseFloat(m[1], 64)
				current = &send{when: when}
				sends = append(sends, current)
			}
			continue
		}
		if m := dumpLine.FindStringSubmatch(l.text); m != nil {
			if current != nil {
				data, err := hex.DecodeString(strings.ReplaceAll(m[1], " ", ""))
				if err != nil {
					return nil, err
				}
				current.data = append(current.data, data...)
			}
			continue
		}
		// " * 64 bytes in buffer 0" announces the next part of one datagram.
		if !strings.HasPrefix(l.text, " ") {
			current = nil
		}
	}
	slices.SortStableFunc(sends, func(a, b *send) int {
		switch {
		case a.when < b.when:
			return -1
		case a.when > b.when:
			return 1
		}
		return 0
	})
	buffers := make([][]byte, len(sends))
	for i, s := range sends {
		buffers[i] = s.data
	}
	return buffers, nil
}
