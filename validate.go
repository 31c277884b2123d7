package millrace

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"time"

	"go.opentelemetry.io/otel"

	"github.com/millrace-go/millrace/internal/kafka"
)

const (
	maxStandbys = 16
	maxAddress  = 1000
)

// legalID is what may prefix a topic and name a group.
var legalID = regexp.MustCompile(`^[a-zA-Z0-9._-]{1,200}$`)

// legal also refuses the names of this folder and the one above: an application's directory is named for it.
func legal(id string) bool { return legalID.MatchString(id) && id != "." && id != ".." }

// complete fills in the defaults, and reports everything that is wrong, each with the field and the fix.
func (c Config) complete(topology string) (Config, error) {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf("millrace: "+format, args...)) }
	if c.ApplicationID == "" {
		c.ApplicationID = topology
	}
	if !legal(c.ApplicationID) {
		bad("Config.ApplicationID %q cannot prefix a topic: use up to 200 letters, digits, '.', '_' and '-'", c.ApplicationID)
	}
	if c.InstanceID != "" && !legal(c.InstanceID) {
		bad("Config.InstanceID %q: use up to 200 letters, digits, '.', '_' and '-'", c.InstanceID)
	}
	if c.Guarantee != ExactlyOnce && c.Guarantee != AtLeastOnce {
		bad("Config.Guarantee %d is none: use ExactlyOnce or AtLeastOnce", c.Guarantee)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Properties)) {
		if err := kafka.CheckProperty(name); err != nil {
			bad("Config.Properties: %w", err)
		}
	}
	positive(bad, "Workers", &c.Workers, runtime.GOMAXPROCS(0), 1, 1024)
	positive(bad, "CommitInterval", &c.CommitInterval, 100*time.Millisecond, time.Millisecond, 5*time.Second)
	positive(bad, "TransactionTimeout", &c.TransactionTimeout, 10*time.Second, time.Second, 5*time.Minute)
	if c.TransactionTimeout < 2*c.CommitInterval {
		bad("Config.TransactionTimeout %v is too short for a Config.CommitInterval of %v: use at least twice as long", c.TransactionTimeout, c.CommitInterval)
	}
	positive(bad, "SessionTimeout", &c.SessionTimeout, 15*time.Second, time.Second, 30*time.Minute)
	positive(bad, "CacheBytes", &c.CacheBytes, 64<<20, 1<<20, 1<<40)
	positive(bad, "DirtyBytes", &c.DirtyBytes, 16<<20, 1<<10, 1<<40)
	if c.Standbys < 0 || c.Standbys > maxStandbys {
		bad("Config.Standbys %d is out of range: use 0 to %d", c.Standbys, maxStandbys)
	}
	if len(c.AdvertisedAddress) > maxAddress {
		bad("Config.AdvertisedAddress has %d bytes: use at most %d", len(c.AdvertisedAddress), maxAddress)
	}
	if c.ReplicationFactor < 0 || c.ReplicationFactor > 1<<15 {
		bad("Config.ReplicationFactor %d: use 1 to the number of brokers, or 0 for the broker's default", c.ReplicationFactor)
	}
	if c.StateDir == "" {
		c.StateDir = defaultStateDir()
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.MeterProvider == nil {
		c.MeterProvider = otel.GetMeterProvider()
	}
	return c, errors.Join(errs...)
}

// positive sets an unset number to its default, and checks the range of one that is set.
func positive[N int | int64 | time.Duration](bad func(string, ...any), field string, n *N, def, least, most N) {
	if *n == 0 {
		*n = def
	}
	if *n < least || *n > most {
		bad("Config.%s %v is out of range: use %v to %v, or 0 for the default (%v)", field, *n, least, most, def)
	}
}

func defaultStateDir() string {
	base, err := os.UserCacheDir()
	if err != nil { // a container without a home
		base = os.TempDir()
	}
	return filepath.Join(base, "millrace")
}
