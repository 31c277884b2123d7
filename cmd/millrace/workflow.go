package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/millrace-go/millrace/workflow"
)

func workflowCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "workflow",
		Short: "Check and draw workflow documents",
		Long: "Looks at the structure of a workflow document: JSON that package workflow compiles to a topology. What its names of\n" +
			"functions, topics, tasks and schemas stand for is known to the program that registers them, and checked by it.",
	}
	c.AddCommand(workflowCheckCommand(), workflowGraphCommand())
	return c
}

func workflowCheckCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check FILE",
		Short: "Check a workflow document; - is the standard input",
		Long: "Checks the notation, the types and fields of nodes, their inputs, cycles and nodes that nobody uses. All errors go to\n" +
			"the standard error, each as FILE:LINE:COLUMN: what is wrong. The exit status is 1 if there are any.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			d, err := parseWorkflow(cmd, args[0])
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s: %s: %d nodes, no errors\n", d.File, d.Name, len(d.Nodes))
			return nil
		},
	}
}

func workflowGraphCommand() *cobra.Command {
	var format string
	c := &cobra.Command{
		Use:   "graph FILE",
		Short: "Draw a workflow document as a Mermaid flowchart or as text; - is the standard input",
		Long:  "Draws what check accepts: as a Mermaid flowchart, which GitHub and most documentation tools show, or as a list of nodes.",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if format != "mermaid" && format != "text" {
				return fmt.Errorf("unknown format %q: give --format mermaid or --format text", format)
			}
			d, err := parseWorkflow(cmd, args[0])
			if err != nil {
				return err
			}
			drawing := d.Mermaid()
			if format == "text" {
				drawing = d.Describe()
			}
			fmt.Fprint(cmd.OutOrStdout(), drawing)
			return nil
		},
	}
	c.Flags().StringVar(&format, "format", "mermaid", "mermaid or text")
	return c
}

// parseWorkflow prints what is wrong with a document by itself, a line an error, so that editors find the places.
func parseWorkflow(cmd *cobra.Command, file string) (*workflow.Document, error) {
	name, in := file, cmd.InOrStdin()
	if file == "-" {
		name = "<stdin>"
	} else {
		f, err := os.Open(file)
		if err != nil {
			return nil, err
		}
		defer func() { _ = f.Close() }() // it was only read
		in = f
	}
	src, err := io.ReadAll(io.LimitReader(in, workflow.MaxSize+1)) // one byte more is too large, and Parse says so
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	d, err := workflow.Parse(name, src)
	if err != nil {
		fmt.Fprintln(cmd.ErrOrStderr(), err)
		return nil, errors.New("the document has errors")
	}
	return d, nil
}
