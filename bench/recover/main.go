// Command recover measures how an application with a large store comes back, on a real broker: it builds a table of N keys
// through the runtime, and then kills, empties, restarts and moves the instances that hold it.
//
//	go run ./bench/recover -bootstrap HOST:PORT -dir DIRECTORY [-keys N] [-cases build,restart,restore,rolling,failover]
//
// The instances are processes of their own, which this one starts, kills and asks to stop. Probes go into the input all the
// while: records of which each comes out again once it is committed, so that a pause is one of what users see. The cases
// share the table, so that all but build can be run again on what an earlier run left (with -keep).
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

type flags struct {
	bootstrap, app, dir, cases, profile string
	keys, partitions, workers, rate     int
	standbys                            int
	session, trickle, timeout           time.Duration
	keep, verbose                       bool

	// Of an instance.
	instance, state string
}

// measurement is one of the cases.
type measurement struct {
	name string
	run  func(*bench, context.Context) error
}

// cases are in the order in which each finds what it needs.
var cases = []measurement{
	{"build", (*bench).build},
	{"restart", (*bench).restart},
	{"restore", (*bench).restore},
	{"rolling", (*bench).rolling},
	{"failover", (*bench).failover},
}

func parse() (f flags, err error) {
	flag.StringVar(&f.bootstrap, "bootstrap", "127.0.0.1:9092", "the broker's `host:port`")
	flag.StringVar(&f.app, "app", "recover", "the application's `ID`, which also names the topics")
	flag.StringVar(&f.dir, "dir", "", "`directory` of the instances' stores")
	flag.StringVar(&f.cases, "cases", "build,restart,restore,rolling,failover", "the `cases` to measure")
	flag.StringVar(&f.profile, "cpuprofile", "", "write CPU profiles of the instances to `prefix`-INSTANCE")
	flag.IntVar(&f.keys, "keys", 10_000_000, "rows of the table")
	flag.IntVar(&f.partitions, "partitions", 4, "partitions of the input")
	flag.IntVar(&f.workers, "workers", runtime.NumCPU(), "workers of an instance")
	flag.IntVar(&f.standbys, "standbys", 1, "copies of each task on other instances, as far as there are others")
	flag.IntVar(&f.rate, "rate", 2000, "updates per second before an instance is killed")
	flag.DurationVar(&f.trickle, "trickle", 12*time.Second, "how long they come: longer than a store keeps what is not on its disk")
	flag.DurationVar(&f.session, "session", 6*time.Second, "the group's session timeout")
	flag.DurationVar(&f.timeout, "timeout", 10*time.Minute, "give a case up after this long")
	flag.BoolVar(&f.keep, "keep", false, "keep topics and directory for another run")
	flag.BoolVar(&f.verbose, "v", false, "log what the instances say")
	flag.StringVar(&f.instance, "instance", "", "be the instance of this `name`: what the started processes do")
	flag.StringVar(&f.state, "state", "", "`directory` of the instance")
	flag.Parse()
	switch {
	case f.instance == "" && f.dir == "":
		return f, errors.New("recover: name a directory for the stores with -dir")
	case f.keys < 1 || f.partitions < 1 || f.workers < 1 || f.rate < 1:
		return f, errors.New("recover: -keys, -partitions, -workers and -rate are positive numbers")
	}
	for name := range strings.SplitSeq(f.cases, ",") {
		if !slices.ContainsFunc(cases, func(m measurement) bool { return m.name == name }) {
			return f, fmt.Errorf("recover: -cases: there is no %q: choose of build, restart, restore, rolling and failover", name)
		}
	}
	return f, nil
}

func main() {
	f, err := parse()
	if err == nil {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		if f.instance != "" {
			err = serve(ctx, f)
		} else {
			err = measure(ctx, f)
		}
		stop()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// measure runs the cases, and prints a line for each thing measured.
func measure(ctx context.Context, f flags) (err error) {
	b, err := newBench(f)
	if err != nil {
		return err
	}
	defer b.close()
	if !f.keep {
		defer func() { err = errors.Join(err, b.clean(context.WithoutCancel(ctx))) }()
	}
	fmt.Println(machine())
	wanted := strings.Split(f.cases, ",")
	for _, c := range cases {
		if !slices.Contains(wanted, c.name) {
			continue
		}
		within, cancel := context.WithTimeoutCause(ctx, f.timeout, fmt.Errorf("not done after %v", f.timeout))
		within, b.fail = context.WithCancelCause(within)
		err := c.run(b, within)
		if why := context.Cause(within); err != nil && why != nil {
			err = why
		}
		b.killAll()
		b.fail(nil)
		cancel()
		if err != nil {
			return fmt.Errorf("recover: %s: %w", c.name, err)
		}
	}
	return nil
}
