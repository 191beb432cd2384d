// A stock Go client: registers a silo, finds it, watches it, cancels, and meets a deadline.
// usage: client ENDPOINT CA-FILE; an empty CA-FILE: cleartext
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"

	"stock/tracker"
)

const (
	siloID   = "silo-go"
	patience = 30 * time.Second
	short    = 300 * time.Millisecond
)

func check(err error) {
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
}

func dial(endpoint, authority string) *grpc.ClientConn {
	transport := grpc.WithInsecure()
	if authority != "" {
		files, err := credentials.NewClientTLSFromFile(authority, "")
		check(err)
		transport = grpc.WithTransportCredentials(files)
	}
	connection, err := grpc.Dial(endpoint, transport)
	check(err)
	return connection
}

func register(ctx context.Context, client tracker.VersionTrackerClient) {
	answer, err := client.RegisterSilo(ctx, &tracker.RegisterSiloRequest{
		InstanceId: []byte("0123456789abcdef"),
		Silo: &tracker.SiloInfo{
			SiloId:            siloID,
			Address:           "10.0.0.1",
			Port:              9000,
			ActorTypeVersions: map[string]*tracker.AssemblyVersionInfo{"Order": {Version: "2.1.0"}},
		},
	})
	check(err)
	fmt.Println("registered", answer.GetSilo().GetSiloId())
}

func find(ctx context.Context, client tracker.VersionTrackerClient) {
	answer, err := client.FindCompatibleSilos(ctx, &tracker.FindCompatibleSilosRequest{ActorType: "Order", Version: "2.1.0"})
	check(err)
	for _, silo := range answer.GetSilos() {
		fmt.Println("found", silo.GetSiloId(), silo.GetVersion())
	}
}

// Receives until the call ends; seen is called with each record.
func watch(ctx context.Context, client tracker.VersionTrackerClient, seen func(key string)) error {
	stream, err := client.Watch(ctx)
	check(err)
	check(stream.Send(&tracker.WatchRequest{SiloIds: []string{siloID}}))
	for {
		message, err := stream.Recv()
		if err != nil {
			return err
		}
		if record := message.GetRecord(); record != nil {
			seen(record.GetKey())
		}
	}
}

func main() {
	connection := dial(os.Args[1], os.Args[2])
	defer connection.Close()
	client := tracker.NewVersionTrackerClient(connection)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	register(ctx, client)
	find(ctx, client)
	watching, stop := context.WithCancel(ctx)
	err := watch(watching, client, func(key string) {
		fmt.Println("watched", key)
		stop()
	})
	fmt.Println("ended", status.Code(err))
	limited, end := context.WithTimeout(ctx, short)
	defer end()
	err = watch(limited, client, func(key string) {})
	fmt.Println("ended", status.Code(err))
}
