// Command millrace looks after topologies: it compares the library with Kafka Streams, and more in its subcommands.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"github.com/spf13/cobra"
)

// commands makes the subcommands; each is in a file of its own.
var commands = []func() *cobra.Command{
	conformanceCommand,
	workflowCommand,
	resetCommand,
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "millrace",
		Short:         "Stream processing on Kafka: tools beside the library",
		SilenceUsage:  true, // an error in the work is no error in the call
		SilenceErrors: true, // main prints them
	}
	for _, command := range commands {
		root.AddCommand(command())
	}
	return root
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := newRoot().ExecuteContext(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "millrace:", err)
		os.Exit(1)
	}
}
