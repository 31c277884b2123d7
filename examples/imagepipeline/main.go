package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	os.Exit(run(os.Args[1:]))
}

// run is main with an exit status, so that deferred calls are made.
func run(args []string) int {
	start, flags := demo, args
	if len(args) > 0 && args[0] == workerCommand {
		// The parent says when to stop: on Ctrl-C it still needs the worker for what is under way.
		signal.Ignore(os.Interrupt)
		start, flags = worker, args[1:]
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	o, err := parse(flags)
	if err == nil {
		err = start(ctx, o, newScreen(os.Stdout))
	}
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		fmt.Fprintln(os.Stderr, "imagepipeline:", err)
		return 1
	}
	return 0
}
