package millrace_test

import (
	"log/slog"
	"maps"
	"os"
	"strings"
	"testing"

	"github.com/millrace-go/millrace"
	"github.com/millrace-go/millrace/internal/embedded/brokertest"
)

// secureListener is where the broker to test on listens for SASL over TLS, if it does: "HOST:PORT CA-FILE USER PASSWORD".
// scripts/kafka run --sasl-tls sets it.
const secureListener = "MILLRACE_SASL_TLS"

// secure returns the listener's address and the properties of a user who may do everything.
func secure(t *testing.T) (bootstrap string, props map[string]string) {
	t.Helper()
	f := strings.Fields(os.Getenv(secureListener))
	if len(f) != 4 {
		t.Skip(secureListener + " is not set: make test-kafka starts a broker that listens for SASL over TLS")
	}
	return f[0], map[string]string{
		"security.protocol": "SASL_SSL", "ssl.ca.location": f[1], "sasl.username": f[2], "sasl.password": f[3],
	}
}

// TestSASLOverTLS runs an application exactly once with each mechanism. The password is in no line of its log, also not
// in what librdkafka says when it is told to say all.
func TestSASLOverTLS(t *testing.T) {
	t.Parallel()
	bootstrap, props := secure(t)
	for _, mechanism := range []string{"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"} {
		t.Run(mechanism, func(t *testing.T) {
			t.Parallel()
			cfg := testConfig(t)
			plain := cfg.Bootstrap
			app := newApp(t, plain)
			in, out := topics(t, plain, 2, 1)
			log := &journal{t: t, level: slog.LevelDebug}
			cfg.Bootstrap, cfg.Logger = bootstrap, log.logger()
			cfg.Properties = maps.Clone(props)
			cfg.Properties["sasl.mechanisms"] = mechanism
			cfg.Properties["debug"] = "security,conf,broker"
			a := start(t, wordCount(t, app, in, out), cfg)
			brokertest.Produce(t, plain, in, lines(100, 30)...)
			checkCounts(t, brokertest.Consume(t, plain, out, 300, longest), countsOf(100, 30))
			if err := a.shutdown(); err != nil {
				t.Error(err)
			}
			if !log.has(mechanism) {
				t.Errorf("librdkafka's log does not name %s: was it asked for at all?", mechanism)
			}
			if log.has(props["sasl.password"]) {
				t.Error("the log shows the password")
			}
		})
	}
}

// TestWrongCredentials: an application that the broker does not let in says why, and keeps the password to itself.
func TestWrongCredentials(t *testing.T) {
	t.Parallel()
	bootstrap, props := secure(t)
	for name, c := range map[string]struct {
		change map[string]string
		want   string
	}{
		"password":  {map[string]string{"sasl.password": "not-the-secret"}, "uthentication fail"},
		"authority": {map[string]string{"ssl.ca.location": ""}, "certificate"},
		"no TLS":    {map[string]string{"security.protocol": "SASL_PLAINTEXT"}, "TLS"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := testConfig(t)
			cfg.Bootstrap, cfg.Properties = bootstrap, maps.Clone(props)
			cfg.Properties["sasl.mechanisms"] = "SCRAM-SHA-512"
			maps.Copy(cfg.Properties, c.change)
			err := millrace.Run(t.Context(), wordCount(t, "app", "in", "out"), cfg)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "Config.Properties") {
				t.Errorf("got %v, want an error with %q that names Config.Properties", err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), cfg.Properties["sasl.password"]) {
				t.Errorf("the error shows the password: %v", err)
			}
		})
	}
}
