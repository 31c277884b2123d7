// Command plates runs the job of record (package bench) on topics that another program filled, and prints one JSON line:
// how long it took, what CPU and memory the process used, and whether every site came out exactly once.
//
//	go run ./bench/plates -bootstrap HOST:PORT -input TOPIC -metadata TOPIC -plates N -guarantee eos -app ID -state DIR
//
// The process is the application; a child of it counts the sites on the sink, with read_committed, and ends with it. So
// counting costs the application nothing. Killed and started again with the same -app and -state, it goes on.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"runtime/pprof"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/millrace-go/millrace"
	"github.com/millrace-go/millrace/bench"
	"github.com/millrace-go/millrace/topology"
)

type flags struct {
	bootstrap, input, metadata, guarantee, app, state, sink, codec, profile string
	plates, commitMS, workers                                               int
	timeout                                                                 time.Duration
	watch                                                                   bool
}

func parse() (f flags, err error) {
	flag.StringVar(&f.bootstrap, "bootstrap", "127.0.0.1:9092", "the broker's `host:port`")
	flag.StringVar(&f.input, "input", "", "`topic` of the images")
	flag.StringVar(&f.metadata, "metadata", "", "`topic` of the experiments' metadata")
	flag.StringVar(&f.sink, "sink", "", "`topic` of the complete sites, made if absent (default images_site.ID)")
	flag.StringVar(&f.guarantee, "guarantee", "eos", "eos: exactly once; alo: at least once")
	flag.StringVar(&f.app, "app", "plates", "the application's `ID`")
	flag.StringVar(&f.state, "state", "", "`directory` of the stores")
	flag.StringVar(&f.codec, "codec", "hand", "hand: hand-written serdes; reflection: the stock ones")
	flag.StringVar(&f.profile, "cpuprofile", "", "write a CPU profile to `file`")
	flag.IntVar(&f.plates, "plates", 1, "how many plates the input holds")
	flag.IntVar(&f.commitMS, "commit-ms", 100, "commit interval in milliseconds")
	flag.IntVar(&f.workers, "workers", runtime.NumCPU(), "workers of the instance")
	flag.DurationVar(&f.timeout, "timeout", 400*time.Second, "give up after this long")
	flag.BoolVar(&f.watch, "watch", false, "count the sites on the sink: what the child does")
	flag.Parse()
	if f.sink == "" {
		f.sink = "images_site." + f.app
	}
	switch {
	case f.input == "" && !f.watch, f.metadata == "" && !f.watch:
		return f, errors.New("plates: name the topics with -input and -metadata")
	case f.state == "" && !f.watch:
		return f, errors.New("plates: name a directory for the stores with -state")
	case f.guarantee != "eos" && f.guarantee != "alo":
		return f, fmt.Errorf("plates: -guarantee %q: give eos or alo", f.guarantee)
	case f.codec != "hand" && f.codec != "reflection":
		return f, fmt.Errorf("plates: -codec %q: give hand or reflection", f.codec)
	case f.plates < 1:
		return f, fmt.Errorf("plates: -plates %d: give a positive number", f.plates)
	}
	return f, nil
}

func main() {
	f, err := parse()
	if err == nil {
		if f.watch {
			err = watch(f)
		} else {
			err = run(f)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// result is the line that the command prints.
type result struct {
	Images     int     `json:"images"`
	Sites      int     `json:"sites"`
	Unique     int     `json:"unique_sites"`
	Duplicates int     `json:"duplicates"`
	Seconds    float64 `json:"seconds"`     // from the assignment to the last site
	CPUSeconds float64 `json:"cpu_seconds"` // of this process, in the same time
	PeakRSS    float64 `json:"peak_rss_mb"` // VmHWM, MiB
}

func run(f flags) error {
	build := bench.ByHand
	if f.codec == "reflection" {
		build = bench.ByReflection
	}
	topo, err := build(f.app, bench.Names{Images: f.input, Metadata: f.metadata, Sites: f.sink})
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeoutCause(ctx, f.timeout, fmt.Errorf("plates: not done after %v", f.timeout))
	defer cancel()
	child, reports, err := startWatch(ctx)
	if err != nil {
		return err
	}
	defer child.stop()
	if line, ok := <-reports; !ok || line != ready {
		return fmt.Errorf("plates: the counter did not start (%q)", line)
	}
	if f.profile != "" {
		w, err := os.Create(f.profile)
		if err != nil {
			return err
		}
		if err := pprof.StartCPUProfile(w); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	assigned := newMark()
	guarantee := millrace.ExactlyOnce
	if f.guarantee == "alo" {
		guarantee = millrace.AtLeastOnce
	}
	appCtx, stopApp := context.WithCancel(ctx)
	failed := goRun(appCtx, topo, millrace.Config{
		Bootstrap: f.bootstrap, Guarantee: guarantee, StateDir: f.state, Workers: f.workers,
		CommitInterval: time.Duration(f.commitMS) * time.Millisecond,
		Logger:         slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
		OnState: func(s millrace.State) {
			if s == millrace.StateRunning {
				assigned.set()
			}
		},
	})
	r := result{Images: f.plates * bench.ImagesPerPlate}
	err = follow(ctx, reports, failed, assigned, &r)
	stopApp()
	if runErr := <-failed; err == nil {
		err = runErr
	}
	line, jsonErr := json.Marshal(r)
	fmt.Println(string(line))
	return errors.Join(err, jsonErr, check(f, r))
}

func check(f flags, r result) error {
	if want := f.plates * bench.SitesPerPlate; r.Unique < want {
		return fmt.Errorf("plates: %d of %d sites are missing", want-r.Unique, want)
	}
	if f.guarantee == "eos" && r.Duplicates > 0 {
		return fmt.Errorf("plates: %d sites came out more than once", r.Duplicates)
	}
	return nil
}

// goRun runs the application beside; the channel yields its error, nil if it was stopped, and is closed.
func goRun(ctx context.Context, topo *topology.Topology, cfg millrace.Config) <-chan error {
	failed := make(chan error, 1)
	go func() {
		defer close(failed)
		if err := millrace.Run(ctx, topo, cfg); err != nil && !errors.Is(err, context.Canceled) {
			failed <- err
		}
	}()
	return failed
}

// follow reads the child's reports until all sites are counted.
func follow(ctx context.Context, reports <-chan string, failed <-chan error, assigned *mark, r *result) error {
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case err := <-failed:
			return fmt.Errorf("plates: the application ended: %w", err)
		case line, ok := <-reports:
			if !ok {
				return errors.New("plates: the counter died")
			}
			what, rest, _ := strings.Cut(line, " ")
			switch what {
			case allSeen: // the clocks stop here; the count goes on for duplicates
				r.Seconds, r.CPUSeconds = assigned.since()
				r.PeakRSS = peakRSS()
			case counted:
				if _, err := fmt.Sscan(rest, &r.Sites, &r.Unique, &r.Duplicates); err != nil {
					return fmt.Errorf("plates: report %q: %w", line, err)
				}
				if r.Seconds > 0 {
					return nil
				}
			}
		}
	}
}

// child is the counting process. It ends when its standard input does, so also when this process is killed.
type child struct {
	cmd   *exec.Cmd
	stdin io.Closer
}

func startWatch(ctx context.Context) (*child, <-chan string, error) {
	cmd := exec.CommandContext(ctx, os.Args[0], append([]string{"-watch"}, os.Args[1:]...)...) //nolint:gosec // itself, with its own arguments
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	lines := make(chan string)
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			lines <- s.Text()
		}
	}()
	return &child{cmd, in}, lines, nil
}

func (c *child) stop() {
	_ = c.stdin.Close()
	_ = c.cmd.Wait()
}

// mark is a moment: wall clock and CPU time of this process.
type mark struct{ first chan moment }

type moment struct {
	at  time.Time
	cpu time.Duration
}

func newMark() *mark { return &mark{make(chan moment, 1)} }

func now() moment {
	var ru syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &ru)
	return moment{time.Now(), time.Duration(ru.Utime.Nano() + ru.Stime.Nano())}
}

// set keeps the first moment only.
func (m *mark) set() {
	select {
	case m.first <- now():
	default:
	}
}

func (m *mark) since() (seconds, cpuSeconds float64) {
	start := <-m.first
	m.first <- start
	end := now()
	return end.at.Sub(start.at).Seconds(), (end.cpu - start.cpu).Seconds()
}

func peakRSS() float64 {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(b)) {
		if v, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, _ := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(v), " kB"))
			return float64(kb) / 1024
		}
	}
	return 0
}
