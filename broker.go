package millrace

import (
	"fmt"
	"log/slog"

	"github.com/millrace-go/millrace/internal/embedded"
)

// Broker is a Kafka broker inside the process, for demos and tests: one node on 127.0.0.1 that keeps everything in memory
// and forgets it when it is closed. Start one where more than an [App] is to talk to it, such as a task.Worker in another
// process; an App alone starts one by itself if its Config has no Bootstrap.
type Broker struct{ broker *embedded.Broker }

// StartBroker starts a broker on a free port. It takes requests when StartBroker returns. The logger gets what goes wrong
// in it; nil is slog.Default.
func StartBroker(logger *slog.Logger) (*Broker, error) {
	b, err := embedded.Start(embedded.Options{Logger: logger})
	if err != nil {
		return nil, fmt.Errorf("millrace: %w", err)
	}
	return &Broker{b}, nil
}

// Bootstrap is the broker's address, host:port, for Config.Bootstrap and other clients of this machine.
func (b *Broker) Bootstrap() string { return b.broker.Bootstrap() }

// Close stops the broker: stop what talks to it before. More calls do nothing and return the same.
func (b *Broker) Close() error { return b.broker.Close() }
