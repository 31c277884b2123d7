package workflow_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/workflow"
)

// The document names its topics, its function and its task; the registry has them. Here a test takes the place of Kafka, of
// the microscope and of the worker.
func ExampleCompile() {
	text, err := os.ReadFile("testdata/talk.json")
	if err != nil {
		fmt.Println(err)
		return
	}
	doc, err := workflow.Parse("talk.json", text)
	if err != nil {
		fmt.Println(err)
		return
	}
	reg := workflow.NewRegistry()
	reg.Topic(Images)
	reg.Topic(Experiments)
	reg.Topic(Extracted)
	reg.Function("aggregations/images-site-grouping", groupBySite)
	reg.Task[int64](ExtractFeatures)
	reg.Schema[SiteJob]("job_site_level")
	topo, err := workflow.Compile(doc, reg)
	if err != nil {
		fmt.Println(err)
		return
	}

	d := testkit.New(&testing.T{}, topo)
	d.Input(Experiments).Pipe("mel-1", Experiment{Channels: 2}, 0)
	d.Input(Images).Pipe("", Image{Experiment: "mel-1", Site: 7, Channel: 2, Path: "7_2.tif"}, 1)
	d.Input(Images).Pipe("", Image{Experiment: "mel-1", Site: 7, Channel: 1, Path: "7_1.tif"}, 2)

	request := d.Output(ExtractFeatures.Requests[int64]()).Read()
	fmt.Println("asked:", request.Key, request.Value.Body.Paths)
	d.Input(ExtractFeatures.Results[int64]()).Pipe(request.Key, request.Value.Done(Features{Means: []float64{0.5, 0.25}}), 3)

	features := d.Output(Extracted).Read()
	fmt.Println("extracted:", features.Key, features.Value.Means)
	// Output:
	// asked: 7 [7_1.tif 7_2.tif]
	// extracted: 7 [0.5 0.25]
}
