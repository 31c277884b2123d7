package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/millrace-go/millrace/bench"
	"github.com/millrace-go/millrace/internal/embedded/brokertest"
)

// asCommand makes the test binary be the command, so that it can be killed.
const asCommand = "MILLRACE_TEST_PLATES"

// killsEnv is how often TestKill kills: 2 unless set.
const killsEnv = "MILLRACE_KILLS"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
		return
	}
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

// feed produces little by little, so that the application is always in the middle of its work.
func feed(t *testing.T, bootstrap, topic string, records []brokertest.Record) (wait func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for chunk := range slices.Chunk(records, 2000) {
			brokertest.Produce(t, bootstrap, topic, chunk...)
			time.Sleep(20 * time.Millisecond) // the pace of the microscopes, much increased
		}
	}()
	return func() { <-done }
}

// started is a running command.
type started struct {
	*exec.Cmd
	out    bytes.Buffer
	log    strings.Builder // what is no progress
	sites  chan int
	stderr chan struct{} // closed at its end
}

func command(t *testing.T, args ...string) *started {
	t.Helper()
	c := &started{Cmd: exec.Command(os.Args[0], args...), sites: make(chan int, 10_000), stderr: make(chan struct{})}
	c.Env = append(os.Environ(), asCommand+"=1")
	c.Stdout = &c.out
	pipe, w := io.Pipe()
	c.Stderr = w
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Process.Kill() })
	go func() {
		defer close(c.stderr)
		for s := bufio.NewScanner(pipe); s.Scan(); {
			if n, ok := strings.CutPrefix(s.Text(), "sites="); ok {
				sites, _ := strconv.Atoi(n)
				c.sites <- sites
				continue
			}
			c.log.WriteString(s.Text() + "\n")
		}
		close(c.sites)
	}()
	t.Cleanup(func() { _ = w.Close() })
	return c
}

// finish waits for the end and reads the result.
func (c *started) finish(t *testing.T) result {
	t.Helper()
	var r result
	err := c.Wait()
	if jsonErr := json.Unmarshal(c.out.Bytes(), &r); err != nil || jsonErr != nil {
		t.Fatalf("the command: %v\n%s", errors.Join(err, jsonErr), c.log.String())
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
		first := command(t, args...)
		wait := feed(t, bootstrap, images, records)
		seen := 0
		for seen = range first.sites {
			if seen >= at {
				break
			}
		}
		_ = first.Process.Kill()
		_ = first.Wait()
		if seen > want*7/10 {
			t.Logf("run %d: the count was late: killed at %d of %d sites", n, seen, want)
		}
		r := command(t, args...).finish(t)
		wait()
		t.Logf("run %d: killed at %d of %d sites; again: %+v", n, seen, want, r)
		if r.Sites != want || r.Unique != want || r.Duplicates != 0 {
			t.Errorf("run %d, seed %d: %d sites, %d of them unique, %d doubled; want %d, each once", n, seed, r.Sites, r.Unique, r.Duplicates, want)
		}
		brokertest.DeleteTopics(t, bootstrap, topicsOf(app)...)
	}
}

func topicsOf(app string) []string {
	return []string{"images_site." + app, app + "-site-repartition", app + "-by-experiment-repartition", app + "-sites-changelog", app + "-tasks"}
}

func TestFlags(t *testing.T) {
	for _, args := range [][]string{{}, {"-input", "a"}, {"-input", "a", "-metadata", "b"}, {"-input", "a", "-metadata", "b", "-state", "c", "-guarantee", "x"}} {
		c := command(t, args...)
		if err := c.Wait(); err == nil {
			t.Errorf("%q: no error", args)
		}
		_ = c.Stderr.(*io.PipeWriter).Close()
		<-c.stderr
		if !strings.HasPrefix(c.log.String(), "plates: ") {
			t.Errorf("%q: %s", args, fmt.Sprint(c.log.String()))
		}
	}
}
