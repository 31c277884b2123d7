package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/millrace-go/millrace/bench"
	"github.com/millrace-go/millrace/internal/embedded/brokertest"
	"github.com/millrace-go/millrace/internal/proctest"
)

// killsEnv is how often TestKill kills: 2 unless set.
const killsEnv = "MILLRACE_KILLS"

func TestMain(m *testing.M) {
	proctest.Main(map[string]proctest.Program{"plates": func(context.Context, []string) error { main(); return nil }})
	os.Exit(m.Run())
}

const plates = 12

// input makes the topics of a run, and the images that go into them.
func input(t *testing.T) (bootstrap, images, metadata string, records []brokertest.Record) {
	t.Helper()
	bootstrap, images, metadata = brokertest.Bootstrap(t), brokertest.UniqueName(t, "images"), brokertest.UniqueName(t, "metadata")
	brokertest.Topics(t, bootstrap,
		brokertest.Topic{Name: images, Partitions: 4},
		brokertest.Topic{Name: metadata, Partitions: 4, Config: map[string]string{"cleanup.policy": "compact"}})
	start := time.Now().Add(-24 * time.Hour).UnixMilli()
	record := func(e bench.Event) brokertest.Record {
		return brokertest.Record{Key: e.Key, Value: e.Value, Timestamp: time.UnixMilli(e.TS)}
	}
	for plate := range plates {
		about, err := bench.MetadataEvent(plate, start)
		if err != nil {
			t.Fatal(err)
		}
		brokertest.Produce(t, bootstrap, metadata, record(about))
		events, err := bench.PlateEvents(plate, start, true)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			records = append(records, record(e))
		}
	}
	return bootstrap, images, metadata, records
}

// sitesOf reads a line of progress.
func sitesOf(line string) (n int, ok bool) {
	_, err := fmt.Sscanf(line, "sites=%d", &n)
	return n, err == nil
}

// finish waits for the end of the command and reads its result.
func finish(t *testing.T, command *proctest.Process) result {
	t.Helper()
	if err := command.Wait(); err != nil {
		t.Fatal(err)
	}
	var r result
	for _, line := range command.Lines() {
		if strings.HasPrefix(line, "{") {
			if err := json.Unmarshal([]byte(line), &r); err != nil {
				t.Fatal(err)
			}
		}
	}
	return r
}

// TestKill kills the application in the middle of its work, between 30 % and 70 % of its sites, and starts it again: every
// site comes out once. MILLRACE_KILLS says how often.
func TestKill(t *testing.T) {
	kills := 2
	if n, err := strconv.Atoi(os.Getenv(killsEnv)); err == nil {
		kills = n
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	const want = plates * bench.SitesPerPlate
	for n := range kills {
		bootstrap, images, metadata, records := input(t)
		app := brokertest.UniqueName(t, "plates")
		args := []string{
			"-bootstrap", bootstrap, "-input", images, "-metadata", metadata, "-plates", strconv.Itoa(plates),
			"-guarantee", "eos", "-app", app, "-state", t.TempDir(), "-timeout", "120s", "-workers", strconv.Itoa(1 + n%2),
		}
		at := want*3/10 + rnd.IntN(want*3/10)
		first := proctest.Start(t, "plates", args...)
		wait := brokertest.Feed(t, bootstrap, images, 500, records)
		seen := 0
		first.Await(fmt.Sprintf("that it has %d sites", at), func(line string) bool {
			if sites, ok := sitesOf(line); ok {
				seen = sites
			}
			return seen >= at
		})
		first.Kill()
		if seen > want*7/10 {
			t.Logf("run %d: the count was late: killed at %d of %d sites", n, seen, want)
		}
		r := finish(t, proctest.Start(t, "plates", args...))
		wait()
		t.Logf("run %d: killed at %d of %d sites; again: %+v", n, seen, want, r)
		if r.Sites != want || r.Unique != want || r.Duplicates != 0 {
			t.Errorf("run %d, seed %d: %d sites, %d of them unique, %d doubled; want %d, each once", n, seed, r.Sites, r.Unique, r.Duplicates, want)
		}
		brokertest.DeleteTopics(t, bootstrap, topicsOf(app)...)
	}
}

func topicsOf(app string) []string {
	return []string{"images_site." + app, app + "-site-repartition", app + "-by-experiment-repartition", app + "-sites-changelog", app + "-tasks", app + "-members"}
}

func TestFlags(t *testing.T) {
	for _, args := range [][]string{{}, {"-input", "a"}, {"-input", "a", "-metadata", "b"}, {"-input", "a", "-metadata", "b", "-state", "c", "-guarantee", "x"}} {
		c := proctest.Start(t, "plates", args...)
		if err := c.Wait(); err == nil {
			t.Errorf("%q: no error", args)
		}
		if log := strings.Join(c.Lines(), "\n"); !strings.HasPrefix(log, "plates: ") {
			t.Errorf("%q: %s", args, log)
		}
	}
}

// TestFollow: what ends the command instead of the last site, also where the sites were there before the application.
func TestFollow(t *testing.T) {
	t.Parallel()
	broken, why := errors.New("broken"), errors.New("told to stop")
	for _, test := range []struct {
		name    string
		reports []string
		failed  error
		want    string
	}{
		{"the application fails", nil, broken, "plates: the application ended: broken"},
		{"it fails although all sites were there", []string{allSeen}, broken, "plates: the application ended: broken"},
		{"it is stopped", nil, nil, "told to stop"},
		{"it is stopped before it was assigned", []string{allSeen}, nil, "told to stop"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancelCause(t.Context())
			reports, failed := make(chan string), make(chan error, 1)
			done := make(chan error, 1)
			go func() { done <- follow(ctx, reports, failed, newMark(), &result{}) }()
			for _, line := range test.reports {
				reports <- line
			}
			if test.failed != nil {
				failed <- test.failed
			} else {
				cancel(why)
			}
			close(failed)
			if err := <-done; err == nil || err.Error() != test.want {
				t.Errorf("error %v, want %q", err, test.want)
			}
			cancel(nil)
		})
	}
}
