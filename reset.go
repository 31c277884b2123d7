package millrace

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/millrace-go/millrace/internal/kafka"
	"github.com/millrace-go/millrace/internal/runtime"
)

// Remains are what an application has left behind, which [Reset] takes away.
type Remains struct {
	Topics   []string // internal ones, to be deleted
	Rewound  []string // topics that are read from their beginning afterwards
	StateDir string   // of this machine, to be deleted; "": there is none
}

// String lists them, a line each.
func (r Remains) String() string {
	var b strings.Builder
	for _, t := range r.Topics {
		fmt.Fprintf(&b, "delete topic %s\n", t)
	}
	for _, t := range r.Rewound {
		fmt.Fprintf(&b, "read topic %s from its beginning\n", t)
	}
	if r.StateDir != "" {
		fmt.Fprintf(&b, "delete directory %s\n", r.StateDir)
	}
	if b.Len() == 0 {
		return "nothing is left of it\n"
	}
	return b.String()
}

// Inspect finds what an application, by Config.ApplicationID, has left on the cluster and in Config.StateDir, and changes
// nothing. The internal topics are told by their names, which begin with the application's id and a hyphen: a topic of yours that
// is named so is among them. Names that begin with the id of another application there, app-2 beside app, are left out.
func Inspect(ctx context.Context, cfg Config) (Remains, error) {
	var r Remains
	err := withClient(ctx, cfg, func(cfg Config, c *kafka.Client) (err error) {
		r, err = remains(ctx, cfg, c)
		return err
	})
	return r, err
}

// Reset takes away what [Inspect] finds, so that the application starts anew: its internal topics with the state in their
// changelogs, the group with its positions, and the state directory of this machine. Delete those of other machines by hand.
// What the application has written to topics of yours stays, and is written again. No instance may run; one that has stopped is
// a member until its session times out (Config.SessionTimeout). Kafka Streams: bin/kafka-streams-application-reset.sh.
func Reset(ctx context.Context, cfg Config) (Remains, error) {
	var r Remains
	err := withClient(ctx, cfg, func(cfg Config, c *kafka.Client) (err error) {
		if r, err = remains(ctx, cfg, c); err != nil {
			return err
		}
		// The positions go first: what is left of an application without them is read from the beginning, which is safe.
		if err := c.DeleteGroup(ctx, cfg.ApplicationID); err != nil {
			return err
		}
		if err := c.DeleteTopics(ctx, r.Topics); err != nil {
			return err
		}
		return runtime.RemoveState(cfg.StateDir, cfg.ApplicationID)
	})
	return r, err
}

func remains(ctx context.Context, cfg Config, c *kafka.Client) (r Remains, err error) {
	if r.Topics, err = c.InternalTopics(cfg.ApplicationID, runtime.TasksSuffix); err != nil {
		return r, err
	}
	committed, err := c.Committed(ctx, cfg.ApplicationID)
	if err != nil {
		return r, err
	}
	r.Rewound = slices.DeleteFunc(committed, func(t string) bool { return slices.Contains(r.Topics, t) })
	if dir := runtime.AppDir(cfg.StateDir, cfg.ApplicationID); exists(dir) {
		r.StateDir = dir
	}
	return r, nil
}

func exists(dir string) bool {
	_, err := os.Stat(dir)
	return err == nil
}

func withClient(ctx context.Context, cfg Config, f func(Config, *kafka.Client) error) error {
	if cfg.ApplicationID == "" || cfg.Bootstrap == "" {
		return errors.New("millrace: Config.ApplicationID and Config.Bootstrap must say which application of which cluster is meant")
	}
	cfg, err := cfg.complete(cfg.ApplicationID)
	if err != nil {
		return err
	}
	c, err := kafka.Open(ctx, kafka.Config{Bootstrap: cfg.Bootstrap, Properties: cfg.Properties, Logger: cfg.Logger})
	if err == nil {
		defer c.Close()
		err = f(cfg, c)
	}
	if err != nil {
		return fmt.Errorf("millrace: %w", err)
	}
	return nil
}
