import FoundationEssentials

/// JSON as the trainers write it, with keys such as `num_class`.
enum TrainerJSON {
    static func decode<Value: Decodable>(_ type: Value.Type, from data: Data) throws(ModelProblem) -> Value {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        do { return try decoder.decode(type, from: data) } catch { throw ModelProblem(decoding: error) }
    }
}
