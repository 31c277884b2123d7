// Package embedded is a Kafka broker inside the process, for tests and demos. Nothing has to be installed or started,
// and nothing is left behind. It is franz-go's kfake, set up so that librdkafka is at home with it, on 127.0.0.1 only.
//
//	broker, err := embedded.Start(embedded.Options{Topics: map[string]int32{"images": 4}})
//	if err != nil {
//		return err
//	}
//	defer broker.Close()
//	// bootstrap.servers = broker.Bootstrap()
//
// Its one noun is the [Broker]. It is not for production: it has one node, one goroutine handles all requests, and
// whatever is written is kept in memory unless [Options.DataDir] is set.
package embedded
