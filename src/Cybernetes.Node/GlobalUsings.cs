// The room's namespace hides the kind of the same name.
global using NodeObject = Cybernetes.Objects.Core.V1.Node;
