package main

import (
	"errors"
	"io"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"

	"github.com/millrace-go/millrace"
)

func resetCommand() *cobra.Command {
	var cfg millrace.Config
	var properties []string
	var really bool
	c := &cobra.Command{
		Use:   "reset --bootstrap HOST:PORT --app ID",
		Short: "Let an application start anew: list what it has left behind, and with --yes delete it",
		Long: "Deletes the internal topics of an application, its positions in its sources, and its state directory on this machine.\n" +
			"Without --yes it only lists them: look whether a topic of yours is among those to be deleted, since they are told by their\n" +
			"names. No instance may run. What the application has written to other topics stays.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg.Logger = slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), &slog.HandlerOptions{Level: slog.LevelWarn}))
			cfg.Properties = map[string]string{}
			for _, p := range properties {
				name, value, ok := strings.Cut(p, "=")
				if !ok {
					return errors.New("--property takes NAME=VALUE, such as security.protocol=ssl")
				}
				cfg.Properties[name] = value
			}
			return reset(cmd, cfg, really)
		},
	}
	c.Flags().StringVar(&cfg.Bootstrap, "bootstrap", "", "a broker's host:port")
	c.Flags().StringVar(&cfg.ApplicationID, "app", "", "the application's id")
	c.Flags().StringVar(&cfg.StateDir, "state-dir", "", "its Config.StateDir (default: the user's cache directory)")
	c.Flags().StringArrayVar(&properties, "property", nil, "a setting of librdkafka, NAME=VALUE; may be given often")
	c.Flags().BoolVar(&really, "yes", false, "delete what would be listed")
	_ = c.MarkFlagRequired("bootstrap")
	_ = c.MarkFlagRequired("app")
	return c
}

func reset(cmd *cobra.Command, cfg millrace.Config, really bool) error {
	do, note := millrace.Inspect, "nothing was changed; --yes does it\n"
	if really {
		do, note = millrace.Reset, "done\n"
	}
	r, err := do(cmd.Context(), cfg)
	if err != nil {
		return err
	}
	_, err = io.WriteString(cmd.OutOrStdout(), r.String()+note)
	return err
}
