package topology_test

import (
	"fmt"

	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/topology"
)

func ExampleTopology_Describe() {
	b := topology.New("shout")
	stream.From(b, topology.NewTopic[string, string]("words")).
		Filter(func(_, word string) bool { return word != "" }, topology.As("spoken")).
		To(topology.NewTopic[string, string]("shouts"))

	t, err := b.Build()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(t.Describe())
	// Output:
	// Topologies:
	//    Sub-topology: 0
	//     Source: words.source (topics: [words])
	//       --> spoken
	//     Processor: spoken (stores: [])
	//       --> spoken.to
	//       <-- words.source
	//     Sink: spoken.to (topic: shouts)
	//       <-- spoken
}

func ExampleTopology_Mermaid() {
	b := topology.New("shout")
	stream.From(b, topology.NewTopic[string, string]("words")).
		To(topology.NewTopic[string, string]("shouts"))

	t, err := b.Build()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(t.Mermaid())
	// Output:
	// flowchart TD
	//     topic_words(["words"])
	//     topic_shouts(["shouts"])
	//     subgraph sub_words["Sub-topology: 0"]
	//         op_words_source["words.source"]
	//         op_words_source_to["words.source.to"]
	//         op_words_source --> op_words_source_to
	//     end
	//     topic_words --> op_words_source
	//     op_words_source_to --> topic_shouts
}
