package main

import (
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/millrace-go/millrace/internal/conformance"
)

func conformanceCommand() *cobra.Command {
	var verbose bool
	var only []string
	c := &cobra.Command{
		Use:   "conformance DIR|FILE...",
		Short: "Compare with the real Kafka Streams, scenario by scenario",
		Long: "Runs the cases of *.jsonl files, plain or gzipped, which the real Kafka Streams made, and compares outputs, order,\n" +
			"timestamps, headers, final stores and counts of dropped records. The exit status is 1 if a case differs. Cases with\n" +
			"a record cache run with topology.EmitOnCommit, are counted on their own, and decide nothing.",
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cases, err := conformance.Load(args...)
			if err != nil {
				return err
			}
			if len(only) > 0 {
				cases = slices.DeleteFunc(cases, func(c *conformance.Case) bool { return !slices.Contains(only, c.Scenario) })
				if len(cases) == 0 {
					return fmt.Errorf("no case of the scenarios %v: the names are those of the cases, such as tumbling-count", only)
				}
			}
			var each func(*conformance.Case, *conformance.Difference)
			if verbose {
				each = func(c *conformance.Case, d *conformance.Difference) { tell(cmd.OutOrStdout(), c, d) }
			}
			r := conformance.Run(cases, each)
			r.Write(cmd.OutOrStdout())
			if r.Failed > 0 {
				return fmt.Errorf("%d cases differ from Kafka Streams", r.Failed)
			}
			return nil
		},
	}
	c.Flags().BoolVarP(&verbose, "verbose", "v", false, "tell of every case, and how it differs")
	c.Flags().StringArrayVar(&only, "scenario", nil, "run only this scenario; may be repeated")
	return c
}

func tell(w io.Writer, c *conformance.Case, d *conformance.Difference) {
	if d == nil {
		fmt.Fprintln(w, "agrees:", c.Name)
		return
	}
	fmt.Fprintln(w, "differs:", d)
}
