// Package millrace runs a topology on Kafka.
//
// A topology (package topology, drawn with packages stream and table) says what is computed. [Run] computes it, in as
// many instances as the same program is started in: they form a consumer group and share the tasks out among them. State
// lies in local stores and in changelog topics; under [ExactlyOnce] a record's effects on state and output happen once,
// whatever crashes.
//
//	t, err := b.Build()
//	if err != nil {
//		return err
//	}
//	return millrace.Run(ctx, t, millrace.Config{Bootstrap: "localhost:9092", StateDir: "/var/lib/words"})
//
// The nouns: an [App] is one instance, its [Config] what it is told, its [State] what it is doing. There is no server of
// ours, and nothing to operate but Kafka.
package millrace
