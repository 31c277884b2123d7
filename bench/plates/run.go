package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"runtime/pprof"
	"strings"
	"syscall"
	"time"

	"github.com/millrace-go/millrace"
	"github.com/millrace-go/millrace/bench"
	"github.com/millrace-go/millrace/topology"
)

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
		defer w.Close()
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
			return ended(ctx, err)
		case line, ok := <-reports:
			if !ok {
				return errors.New("plates: the counter died")
			}
			what, rest, _ := strings.Cut(line, " ")
			switch what {
			case allSeen: // the clocks stop here; the count goes on for duplicates
				select {
				case <-assigned.made: // later, if the sites were there already
				case err := <-failed:
					return ended(ctx, err)
				case <-ctx.Done():
					return context.Cause(ctx)
				}
				r.Seconds, r.CPUSeconds = assigned.since()
				r.PeakRSS = bench.PeakRSS()
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

// ended says why the application did; it ends without an error if it was stopped.
func ended(ctx context.Context, err error) error {
	if err == nil {
		return context.Cause(ctx)
	}
	return fmt.Errorf("plates: the application ended: %w", err)
}
