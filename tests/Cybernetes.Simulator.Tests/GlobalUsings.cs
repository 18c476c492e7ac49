// The room of the nodes hides the kind of the same name.
global using NodeObject = Cybernetes.Objects.Core.V1.Node;
