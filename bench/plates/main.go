// Command plates runs the job of record (package bench) on topics that another program filled, and prints one JSON line:
// how long it took, what CPU and memory the process used, and whether every site came out exactly once.
//
//	go run ./bench/plates -bootstrap HOST:PORT -input TOPIC -metadata TOPIC -plates N -guarantee eos -app ID -state DIR
//
// The process is the application; a child of it counts the sites on the sink, with read_committed, and ends with it. So
// counting costs the application nothing. Killed and started again with the same -app and -state, it goes on.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"time"
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
