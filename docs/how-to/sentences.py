"""A sentence encoder of somebody else's as the encoder of `train-an-encoder.py`: its weights stay as they are,
and a layer of one's own over its vectors tells the intents apart.

It is two files: an ONNX file that takes `input_ids` (and `attention_mask` and `token_type_ids`, where it wants
them) and gives a vector a token first, such as all-MiniLM-L6-v2 (Apache-2.0), and its `tokenizer.json`. Both
come out as one ONNX file whose output is `logits`. Needs tokenizers besides.
"""

STEPS = 400  # of Adam over all lines at once: no line moves afterwards
DECAY = 0.1  # of the weights, on the sum over the lines


def tokens(path, most):
    """The ids of a text by that tokenizer, cut at `most`, the two that mark its ends included."""
    import tokenizers

    by = tokenizers.Tokenizer.from_file(str(path))
    by.enable_truncation(most)
    by.no_padding()
    return lambda text: by.encode(text).ids


def inputs(session, ids):
    """What a session asks for, of one text: no part of it is padding, and all of it is one sentence."""
    import numpy as np

    row = np.array([ids], dtype=np.int64)
    all_of_them = {"input_ids": row, "attention_mask": np.ones_like(row), "token_type_ids": np.zeros_like(row)}
    return {asked.name: all_of_them[asked.name] for asked in session.get_inputs()}


def vectors(encoder, pieces, texts):
    """The mean of each text's tokens, of length one; a text at a time, as it will be asked."""
    import numpy as np
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(encoder, options, providers=["CPUExecutionProvider"])
    found = []
    for text in texts:
        mean = session.run(None, inputs(session, pieces(text)))[0][0].mean(0)
        found.append(mean / np.linalg.norm(mean))
    return np.array(found)


def learn(found, owner, intents):
    """A layer over the vectors less their middle, by Adam on the cross-entropy."""
    import numpy as np

    middle = found.mean(0)
    found = found - middle
    found = (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float64)
    wanted = np.eye(intents)[owner]
    weights = [np.zeros((found.shape[1], intents)), np.zeros(intents)]
    moments = [[np.zeros_like(one), np.zeros_like(one)] for one in weights]
    for step in range(1, STEPS + 1):
        scores = found @ weights[0] + weights[1]
        chances = np.exp(scores - scores.max(1, keepdims=True))
        chances /= chances.sum(1, keepdims=True)
        fault = (chances - wanted) / len(found)
        slopes = [found.T @ fault + DECAY / len(found) * weights[0], fault.sum(0)]
        for one, slope, moment in zip(weights, slopes, moments):
            moment[0] = 0.9 * moment[0] + 0.1 * slope
            moment[1] = 0.999 * moment[1] + 0.001 * slope**2
            one -= 0.1 * (moment[0] / (1 - 0.9**step)) / (np.sqrt(moment[1] / (1 - 0.999**step)) + 1e-8)
    return [one.astype(np.float32) for one in (middle, *weights)]


def joined(encoder, learned):
    """The encoder's ONNX file with the layer behind it."""
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    model = onnx.load_from_string(encoder)
    graph = model.graph
    names = ["layer_middle", "layer_weights", "layer_bias"]
    graph.initializer.extend(numpy_helper.from_array(one, name) for one, name in zip(learned, names))
    graph.initializer.append(numpy_helper.from_array(np.array([1], dtype=np.int64), "layer_axis"))
    opset = max(each.version for each in model.opset_import if each.domain in ("", "ai.onnx"))
    means = ([graph.output[0].name], {"axes": [1]}) if opset < 18 else ([graph.output[0].name, "layer_axis"], {})
    graph.node.extend([
        helper.make_node("ReduceMean", means[0], ["layer_mean"], keepdims=0, **means[1]),
        helper.make_node("LpNormalization", ["layer_mean"], ["layer_unit"], axis=1, p=2),
        helper.make_node("Sub", ["layer_unit", "layer_middle"], ["layer_moved"]),
        helper.make_node("LpNormalization", ["layer_moved"], ["layer_vector"], axis=1, p=2),
        helper.make_node("Gemm", ["layer_vector", "layer_weights", "layer_bias"], ["logits"]),
    ])
    del graph.output[:]
    graph.output.append(helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, len(learned[2])]))
    onnx.checker.check_model(model)
    return model.SerializeToString()
