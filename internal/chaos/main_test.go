// Package chaos breaks running applications on a real Kafka cluster of three brokers, and then looks whether their output
// is what an undisturbed run gives. It has nothing but tests: make test-chaos starts the cluster and runs them.
//
// A [job] is a topology with its input. A [fleet] runs it in three processes, which a [schedule] drawn from a seed kills,
// pauses and restarts, as it does the brokers of the [cluster]. MILLRACE_SEED plays a schedule again.
package chaos

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/millrace-go/millrace"
	"github.com/millrace-go/millrace/internal/proctest"
	"github.com/millrace-go/millrace/topology"
)

const (
	// seedEnv has the seed of a schedule that is to be played again.
	seedEnv = "MILLRACE_SEED"
	// sizeEnv says how much is to be broken: short, long, or anything else for what is in between.
	sizeEnv = "MILLRACE_CHAOS"
	// session is the shortest that brokers accept unless told otherwise.
	session = 6 * time.Second
)

func TestMain(m *testing.M) {
	proctest.Main(map[string]proctest.Program{
		"words":       program(words),
		"plates":      program(plates),
		"relay":       program(relay),
		"relay-next":  program(relayNext),
		"many-stores": program(manyStores),
	})
	os.Exit(m.Run())
}

// program runs a topology in a process of its own. Its arguments are the instance's number, the directory of its stores,
// the brokers' addresses, the application's id and the topics.
func program(draw func(app string, topics []string) (*topology.Topology, error)) proctest.Program {
	return func(ctx context.Context, args []string) error {
		topo, err := draw(args[3], args[4:])
		if err != nil {
			return err
		}
		return millrace.Run(ctx, topo, millrace.Config{
			Bootstrap: args[2], StateDir: args[1], InstanceID: args[0], Workers: 2, SessionTimeout: session,
			Logger:  slog.New(slog.NewTextHandler(os.Stdout, nil)),
			OnState: func(s millrace.State) { fmt.Println("state", s) },
		})
	}
}

// size picks a test's extent.
func size[T any](short, usual, long T) T {
	switch os.Getenv(sizeEnv) {
	case "short":
		return short
	case "long":
		return long
	}
	return usual
}

// seedOf draws a test's seed, or takes the one that is to be played again, and says which it is.
func seedOf(t *testing.T) uint64 {
	t.Helper()
	seed, err := strconv.ParseUint(os.Getenv(seedEnv), 10, 64)
	if err != nil {
		seed = rand.Uint64()
	}
	t.Logf("seed %d: %s=%d plays it again", seed, seedEnv, seed)
	return seed
}
