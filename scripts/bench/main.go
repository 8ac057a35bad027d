// Command bench compares nhctl with ip: the same job by both, in turns, in one
// run and one network namespace, medians and the ratio of the two at the end.
// On a busy machine the times wander; the ratios wander much less.
//
//	make bench             100,000 routes
//	N=1000000 make bench   a million
//
// The environment: N routes, RUNS of the route jobs (5), NHCTL and IP name the
// two programs.
package main

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"golang.org/x/sys/unix"
)

// inside marks the process that runs in the private namespaces.
const inside = "NHCTL_BENCH_INSIDE"

// startRuns is the number of starts of each program: a start takes about a
// millisecond, so many of them cost little and the median needs them.
const startRuns = 60

// patience bounds one command, so that a stuck kernel ends the bench.
const patience = 10 * time.Minute

func main() {
	run := outside
	if os.Getenv(inside) != "" {
		run = bench
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// outside starts this program again in a network namespace, with a user
// namespace around it unless root runs it.
func outside() error {
	attr := &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET}
	if os.Geteuid() != 0 {
		attr.Cloneflags |= unix.CLONE_NEWUSER
		attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), inside+"=1")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = attr
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		os.Exit(exit.ExitCode()) // it has said why
	}
	if err != nil {
		return fmt.Errorf("no network namespace for you here, try sudo make bench: %w", err)
	}
	return nil
}

// A bencher holds what all jobs share.
type bencher struct {
	programs [2]string // nhctl, ip
	routes   int
	runs     int
	dir      string // for files the jobs read and write
	rows     []row
}

// A row is one line of the table: medians of nhctl and of ip.
type row struct {
	job    string
	median [2]time.Duration
	peak   [2]int64 // KiB resident, 0 when not measured
}

func bench() error {
	b := &bencher{runs: 5, routes: 100_000}
	for name, into := range map[string]*int{"N": &b.routes, "RUNS": &b.runs} {
		if s := os.Getenv(name); s != "" {
			n, err := strconv.Atoi(s)
			if err != nil || n < 1 || n > 1<<24 {
				return fmt.Errorf("%s=%s: want a number from 1 to %d", name, s, 1<<24)
			}
			*into = n
		}
	}
	os.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin:/sbin")
	for i, name := range []string{cmp.Or(os.Getenv("NHCTL"), "./nhctl"), cmp.Or(os.Getenv("IP"), "ip")} {
		file, err := exec.LookPath(name)
		if err != nil {
			return err
		}
		if b.programs[i], err = filepath.Abs(file); err != nil {
			return err
		}
	}
	dir, err := os.MkdirTemp("", "nhctl-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b.dir = dir

	for _, job := range []func() error{b.start, b.addBatch, b.show} {
		if err := job(); err != nil {
			return err
		}
	}
	return b.report(os.Stdout)
}

// start times the whole life of a process that finds nothing to print.
func (b *bencher) start() error {
	return b.compare("start: route show, no routes", startRuns, false, nil, "route", "show")
}

// addBatch times adding all routes from a file; the last run leaves them.
func (b *bencher) addBatch() error {
	for _, args := range [][]string{
		{"link", "add", "v0", "type", "veth", "peer", "name", "v1"},
		{"link", "set", "v1", "up"},
		{"link", "set", "v0", "up"},
		{"address", "add", "192.0.2.1/24", "dev", "v0"},
	} {
		if _, err := b.ip(args...); err != nil {
			return err
		}
	}
	file := filepath.Join(b.dir, "routes")
	if err := writeBatch(file, b.routes); err != nil {
		return err
	}
	// The kernel drops a device's IPv4 routes when it goes down, at once and
	// without a message for each: both sides then start from the same table.
	empty := func() error {
		if _, err := b.ip("link", "set", "v0", "down"); err != nil {
			return err
		}
		_, err := b.ip("link", "set", "v0", "up")
		return err
	}
	job := fmt.Sprintf("-batch, add of %d routes", b.routes)
	if err := b.compare(job, b.runs, true, empty, "-batch", file); err != nil {
		return err
	}
	return b.count(b.routes + 1) // and the connected one
}

// show times the dump of the routes that addBatch left, as text into a file.
func (b *bencher) show() error {
	job := fmt.Sprintf("route show of %d routes", b.routes)
	if err := b.compare(job, b.runs, true, nil, "route", "show"); err != nil {
		return err
	}
	var text [2][]byte
	for i := range text {
		var err error
		if text[i], err = os.ReadFile(b.output(i)); err != nil {
			return err
		}
	}
	if !bytes.Equal(text[0], text[1]) {
		return errors.New("route show: the two programs print different text")
	}
	return nil
}

// compare runs both programs with args in turns, each after before, with the
// output into a file, and adds a row. Which one goes first changes from round
// to round. With watch, memory is watched in one more round, outside the timing.
func (b *bencher) compare(job string, runs int, watch bool, before func() error, args ...string) error {
	fmt.Printf("%s: %d rounds\n", job, runs)
	var took [2][]time.Duration
	r := row{job: job}
	rounds := runs
	if watch {
		rounds++
	}
	for round := range rounds {
		for turn := range 2 {
			i := (round + turn) % 2
			if before != nil {
				if err := before(); err != nil {
					return err
				}
			}
			watching := round == runs
			d, peak, err := b.run(i, watching, args...)
			if err != nil {
				return err
			}
			if watching {
				r.peak[i] = peak
			} else {
				took[i] = append(took[i], d)
			}
		}
	}
	for i := range took {
		r.median[i] = median(took[i])
	}
	b.rows = append(b.rows, r)
	return nil
}

// run executes program i once, its output into a file. With watch it returns
// the peak of resident memory in KiB: the kernel's high-water mark, read every
// millisecond while the process lives. (The mark in the process's rusage would
// include this program's own memory, which a child shares until it executes.)
func (b *bencher) run(i int, watch bool, args ...string) (took time.Duration, peak int64, err error) {
	out, err := os.Create(b.output(i))
	if err != nil {
		return 0, 0, err
	}
	defer out.Close()
	var stderr bytes.Buffer
	cmd := exec.Command(b.programs[i], args...)
	cmd.Stdout, cmd.Stderr = out, &stderr

	began := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, 0, err
	}
	limit := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	defer limit.Stop()
	gone := make(chan struct{})
	peaks := make(chan int64, 1)
	if watch {
		go func() { peaks <- watchMemory(cmd.Process.Pid, gone) }()
	}
	err = cmd.Wait()
	took = time.Since(began)
	close(gone)
	if watch {
		peak = <-peaks
	}
	if err != nil {
		return 0, 0, fmt.Errorf("%s %s: %w\n%s", b.programs[i], strings.Join(args, " "), err, firstLines(stderr.String(), 5))
	}
	return took, peak, nil
}

func (b *bencher) output(i int) string { return filepath.Join(b.dir, "out"+strconv.Itoa(i)) }

// ip runs the ip program to prepare or to check something.
func (b *bencher) ip(args ...string) ([]byte, error) {
	out, err := exec.Command(b.programs[1], args...).CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("ip %s: %w\n%s", strings.Join(args, " "), err, firstLines(string(out), 5))
	}
	return out, nil
}

// count makes sure that table main holds want IPv4 routes.
func (b *bencher) count(want int) error {
	out, err := b.ip("-4", "route", "show")
	if err != nil {
		return err
	}
	if got := bytes.Count(out, []byte("\n")); got != want {
		return fmt.Errorf("-batch left %d routes, want %d", got, want)
	}
	return nil
}

// report prints the table.
func (b *bencher) report(w io.Writer) error {
	fmt.Fprintf(w, "\nMedians on %d CPUs; a ratio above 1 means that nhctl needs less.\n\n", runtime.NumCPU())
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight|tabwriter.TabIndent)
	fmt.Fprintln(tw, "nhctl\tip\tratio\tpeak nhctl\tpeak ip\tratio\t  job")
	for _, r := range b.rows {
		fmt.Fprintf(tw, "%s\t%s\t%.2f\t%s\t%s\t%s\t  %s\n",
			seconds(r.median[0]), seconds(r.median[1]), float64(r.median[1])/float64(r.median[0]),
			memory(r.peak[0]), memory(r.peak[1]), ratio(r.peak[1], r.peak[0]), r.job)
	}
	return tw.Flush()
}

// writeBatch writes n lines that add host routes through one gateway.
func writeBatch(name string, n int) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	for i := range n {
		fmt.Fprintf(w, "route add 10.%d.%d.%d/32 via 192.0.2.2 dev v0\n", i>>16, i>>8&255, i&255)
	}
	return errors.Join(w.Flush(), f.Close())
}

// watchMemory returns the largest VmHWM seen until gone is closed.
func watchMemory(pid int, gone <-chan struct{}) (peak int64) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if _, rest, ok := bytes.Cut(status, []byte("VmHWM:")); ok {
			if f := bytes.Fields(rest); len(f) > 0 {
				if kib, err := strconv.ParseInt(string(f[0]), 10, 64); err == nil {
					peak = max(peak, kib)
				}
			}
		}
		select {
		case <-gone:
			return peak
		case <-tick.C:
		}
	}
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return (d[len(d)/2] + d[(len(d)-1)/2]) / 2
}

func seconds(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%.2f ms", float64(d)/float64(time.Millisecond))
	}
	return fmt.Sprintf("%.2f s", d.Seconds())
}

func memory(kib int64) string {
	if kib == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f MiB", float64(kib)/1024)
}

func ratio(a, b int64) string {
	if a == 0 || b == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", float64(a)/float64(b))
}

func firstLines(s string, n int) string {
	lines := strings.SplitN(s, "\n", n+1)
	return strings.Join(lines[:min(n, len(lines))], "\n")
}
