package millrace_test

import (
	"strings"
	"testing"

	"github.com/millrace-go/millrace"
	"github.com/millrace-go/millrace/internal/embedded/brokertest"
)

// TestTopicChangedWhileRunning deletes topics that an application reads, now or after a loss of its disk, makes them anew with
// more records than it has read, or adds partitions: it does not take the new topic's records for those that follow its
// position, and ends with an error that names the topic and what to do.
func TestTopicChangedWhileRunning(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		which  func(app, in string) string
		meddle func(t *testing.T, bootstrap, topic string)
		want   string
	}{
		{"a source is made anew", func(_, in string) string { return in }, remake("delete"), "made anew"},
		{"a source gets partitions", func(_, in string) string { return in }, func(t *testing.T, bootstrap, topic string) {
			t.Helper()
			_, err := brokertest.Admin(t, bootstrap).UpdatePartitions(t.Context(), 4, topic)
			check(t, err)
		}, "has 4 now: start it again"},
		{"a changelog is deleted", func(app, _ string) string { return app + "-counts-changelog" }, deleteTopic, "does not exist"},
		{"a changelog is made anew", func(app, _ string) string { return app + "-counts-changelog" }, remake("compact"), "made anew"},
		{"a repartition topic is deleted", func(app, _ string) string { return app + "-words-repartition" }, deleteTopic, "does not exist"},
		{"a repartition topic is made anew", func(app, _ string) string { return app + "-words-repartition" }, remake("delete"), "made anew"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cfg := testConfig(t)
			id := newApp(t, cfg.Bootstrap)
			in, out := topics(t, cfg.Bootstrap, 2, 1)
			a := start(t, wordCount(t, id, in, out), cfg)
			brokertest.Produce(t, cfg.Bootstrap, in, lines(10, 10)...)
			brokertest.Consume(t, cfg.Bootstrap, out, 30, longest)
			topic := c.which(id, in)
			c.meddle(t, cfg.Bootstrap, topic)
			err := a.wait()
			if err == nil || !strings.Contains(err.Error(), topic) ||
				!strings.Contains(err.Error(), c.want) && !strings.Contains(err.Error(), "does not exist") { // a slow machine may see it gone
				t.Errorf("the application ended with %v, want %q of %s", err, c.want, topic)
			}
		})
	}
}

// remake deletes a topic and makes it anew, longer than it was.
func remake(policy string) func(t *testing.T, bootstrap, topic string) {
	return func(t *testing.T, bootstrap, topic string) {
		t.Helper()
		deleteTopic(t, bootstrap, topic)
		brokertest.Topics(t, bootstrap, brokertest.Topic{Name: topic, Partitions: 2, Config: map[string]string{"cleanup.policy": policy}})
		brokertest.Produce(t, bootstrap, topic, lines(200, 10)...)
	}
}

// TestRestartOnARemadeTopic: an application commits a position once more while its topic is made anew, longer than before, and is
// started again as it is. It reads the new topic from its first record.
func TestRestartOnARemadeTopic(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t)
	cfg.InstanceID = "me" // not waiting for another's session to end
	in, out := topics(t, cfg.Bootstrap, 2, 1)
	topo := wordCount(t, newApp(t, cfg.Bootstrap), in, out)
	a := start(t, topo, cfg)
	brokertest.Produce(t, cfg.Bootstrap, in, lines(10, 10)...)
	brokertest.Consume(t, cfg.Bootstrap, out, 30, longest)
	remake("delete")(t, cfg.Bootstrap, in)
	if err := a.wait(); err == nil {
		t.Fatal("the application goes on")
	}
	before := len(brokertest.All(t, cfg.Bootstrap, out))
	a = start(t, topo, cfg)
	brokertest.Consume(t, cfg.Bootstrap, out, before+600, longest) // all 200 lines
	check(t, a.shutdown())
}

// TestChangelogLost: what a changelog held is gone with it, also where the store is still on this disk: others have none. An
// application whose changelog was deleted while it was down does not begin with an empty store as if nothing had been.
func TestChangelogLost(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t)
	cfg.InstanceID = "me"
	in, out := topics(t, cfg.Bootstrap, 1, 1)
	id := newApp(t, cfg.Bootstrap)
	topo := wordCount(t, id, in, out)
	a := start(t, topo, cfg)
	check(t, a.shutdown())
	deleteTopic(t, cfg.Bootstrap, id+"-counts-changelog")
	for range 2 { // the first one makes the topic
		a = launch(t, topo, cfg)
		if err := a.wait(); err == nil || !strings.Contains(err.Error(), id+"-counts-changelog") || !strings.Contains(err.Error(), "millrace reset") {
			t.Fatalf("the application ended with %v", err)
		}
	}
	until(t, "the reset", func() bool {
		_, err := millrace.Reset(t.Context(), millrace.Config{ApplicationID: id, Bootstrap: cfg.Bootstrap, StateDir: cfg.StateDir})
		return err == nil
	})
	check(t, start(t, topo, cfg).shutdown())
}
